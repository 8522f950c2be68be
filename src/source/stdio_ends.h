/* SPDX-License-Identifier: MIT */
/* Which two processes talk over a pipe or a Unix socket, where the kernel has not told: found by
 * who holds it, since descriptors say nothing (some servers move their standard output), and shells
 * and launchers between the two hold what they pass on. */
#ifndef SPY_SOURCE_STDIO_ENDS_H
#define SPY_SOURCE_STDIO_ENDS_H

#include "proc/fds.h"

struct stdio_ends {
	pid_t agent, server; /* server 0: not known */
};

/* The ends of a file that `writer` has written to and that can be read at `peer`. asks: what was
 * written is a request, for where neither descends from the other. */
void stdio_ends_find(pid_t writer, const struct fd_file *peer, bool asks, struct stdio_ends *ret);
/* The deepest process below `agent` that can read there; 0: none. */
pid_t stdio_ends_reader(pid_t agent, const struct fd_file *peer);
/* The child of `agent` that `pid` is or descends from; 0: none. */
pid_t stdio_ends_child(pid_t agent, pid_t pid);

#endif
