/* SPDX-License-Identifier: MIT */
/* A directory for files of one run: ours alone, and locked while we live. Whoever comes next sweeps
 * away what a run that was killed has left. This does I/O. */
#ifndef SPY_BASE_LOCKED_DIR_H
#define SPY_BASE_LOCKED_DIR_H

#define LOCKED_DIR_PATH 4096

struct locked_dir {
	int fd; /* which has the lock; closed on exec */
	char path[LOCKED_DIR_PATH];
};

/* Removes the files that may be in it. */
typedef void (*locked_dir_empty)(int dir);

/* PLACE/NAMEXXXXXX, mode 0700. 0 or -errno. */
int locked_dir_make(struct locked_dir *ret, const char *place, const char *name);
void locked_dir_remove(struct locked_dir *d, locked_dir_empty empty);
/* Removes those of this name that nobody has locked. */
void locked_dir_sweep(const char *place, const char *name, locked_dir_empty empty);

#endif
