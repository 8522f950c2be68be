/* SPDX-License-Identifier: MIT */
/* The identity of a process, from /proc and from what names its user and its container. Any of it
 * may take long: a process chooses where its arguments lie, users may come from the network.
 * Source: proc(5). */
#ifndef SPY_PROC_IDENTITY_H
#define SPY_PROC_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"

#define IDENTITY_MAX (64u << 10)

/* What the kernel told of a process, for when it is gone. */
struct identity_hint {
	struct span exe;  /* path by which it was begun; empty: not known */
	uint64_t ino;	  /* inode number of the file that runs */
	struct span args; /* each ends in NUL, unless it is cut */
	const uint32_t *parents;
	size_t nparents; /* nearest first */
	uint64_t cgroup; /* number; 0: not known */
};

/* Appends the data of a CHUNK_PROC (capture/process.h), at most IDENTITY_MAX bytes. comm: the name
 * to use if the process is gone; hint may be NULL. False if it is gone. */
bool identity_read(pid_t pid, uid_t uid, const char *comm, const struct identity_hint *hint,
		   struct buf *out);
/* The name alone: of the executable, else of argv[0], else "?". The caller frees it. */
char *identity_name(pid_t pid);

#endif
