/* SPDX-License-Identifier: MIT */
/* Which process of this host is at the other end of a TCP connection. Sources: sock_diag(7),
 * proc_pid_fd(5). */
#ifndef SPY_PROXY_OWNER_H
#define SPY_PROXY_OWNER_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/buf.h"

struct owner {
	pid_t pid;	    /* 0: not known: on another host, or another user's */
	uid_t uid;	    /* (uid_t)-1: not known */
	char *name;	    /* of the program, else its address; NULL: nobody has looked yet */
	struct buf process; /* the data of a CHUNK_PROC */
};

/* `theirs` is the client's end, `ours` where it connected to; known: its process, 0 where that has
 * to be found. Looks at the processes that owned the latest connections first, then at those of the
 * socket's user: to look at all takes a second where there are thousands. By one thread at a time;
 * owner_done() the result. */
void owner_find(const struct sockaddr *theirs, const struct sockaddr *ours, pid_t known,
		struct owner *ret);
void owner_done(struct owner *o); /* accepts a zeroed one */

#endif
