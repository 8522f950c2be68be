/* SPDX-License-Identifier: MIT */
/* Who holds a pipe or a socket, by /proc/PID/fd; and the children of processes. */
#ifndef SPY_PROC_FDS_H
#define SPY_PROC_FDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A pipe or a socket by its inode number, which both have from one counter of the kernel. */
struct fd_file {
	uint64_t ino;
	bool is_socket;
};

/* Whether the process can read from it. */
bool fds_can_read(pid_t pid, const struct fd_file *f);

/* All that descend from a process, parents before their children, at most so many; returns how
 * many. */
size_t proc_descendants(pid_t of, pid_t *ret, size_t max);

#endif
