/* SPDX-License-Identifier: MIT */
/* Files: private ones, whole ones, and bytes in and out of descriptors. This does I/O; the pure
 * rooms must not include it. */
#ifndef SPY_BASE_FILE_H
#define SPY_BASE_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

/* A user whose files are our own: ours, and under sudo who called it (base/caller.h). */
bool file_is_ours(uid_t uid);

/* Opens `path` for writing, empty, and so that no other user can read what is written: a new file
 * has mode 0600; one that was there gets that mode, and is refused when another user made it or,
 * without `force`, when there is something in it. Under sudo, the user who called it counts as us,
 * and a new file is the caller's where the caller could have made it. Symbolic links are followed
 * on the way, unless another unprivileged user made them, and never at the end. A FIFO needs a
 * reader already. Never waits. A descriptor, or -errno with reterr filled. */
int file_create_private(const char *path, bool force, struct error *reterr);

/* Makes a new file, mode 0600, for writing, with the rights of the caller, whose it is. A
 * descriptor, or -errno: -EEXIST when anything is there, links too. */
int file_create_as_caller(int dir, const char *name);
/* The same; root makes it where the caller may not. */
int file_create_new(int dir, const char *name);

/* Opens a directory that belongs to us and whose mode has none of the bits `forbidden`; `make`
 * makes it, mode 0700. A descriptor, or -errno: -EPERM when it is not as it must be. */
int file_open_own_dir(const char *path, bool make, mode_t forbidden);

/* Puts a private file with these bytes in the place of `name`: readers see the old one or the new
 * one, never a part. Not synced to disk: what is kept so can be made again. 0 or -errno. */
int file_replace(int dir, const char *name, struct span bytes);

/* All of the bytes, however many writes that takes. 0 or -errno. */
int file_write_all(int fd, struct span bytes);

/* Appends what is left to read. 0, -errno, or -EFBIG when it does not fit in `out`. */
int file_read_all(int fd, struct buf *out);

#endif
