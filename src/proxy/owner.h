/* SPDX-License-Identifier: MIT */
/* Which process of this host is at the other end of a TCP connection. Sources: sock_diag(7),
 * proc_pid_fd(5). */
#ifndef SPY_PROXY_OWNER_H
#define SPY_PROXY_OWNER_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

struct owner {
	pid_t pid; /* 0: not known: on another host, or another user's */
	uid_t uid; /* (uid_t)-1: not known */
};

/* `theirs` is the client's end, `ours` where it connected to. Looks at the processes that owned the
 * latest connections first: to look at all takes some ms. */
struct owner owner_of(const struct sockaddr *theirs, const struct sockaddr *ours);

#endif
