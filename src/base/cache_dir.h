/* SPDX-License-Identifier: MIT */
/* Where is kept what a later run can use. It says what enters the kernel: so it is believed only
 * when nobody else could have written it. This does I/O. */
#ifndef SPY_BASE_CACHE_DIR_H
#define SPY_BASE_CACHE_DIR_H

#include <sys/types.h>

/* $XDG_CACHE_HOME/llm-spy or /var/cache/llm-spy; what is missing of it is made, mode 0700. Fills
 * `path`; returns a descriptor, or -errno: it cannot be made, or others may write to it. */
int cache_dir_open(char *path, size_t size);

/* The same of what cannot be made again: $XDG_STATE_HOME/llm-spy; else of root /var/lib/llm-spy, as
 * the daemon has it, or what its service manager named ($STATE_DIRECTORY); else
 * ~/.local/state/llm-spy. */
int state_dir_open(char *path, size_t size);

/* Opens a file of it for reading. -EPERM: it is no regular file, not ours, or open to others;
 * -EFBIG: it has more than `max` bytes. */
int cache_file_open(int dir, const char *name, off_t max);

#endif
