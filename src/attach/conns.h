/* SPDX-License-Identifier: MIT */
/* Which processes have TCP connections to port 443, in every network namespace. By /proc alone: no
 * name is looked up and no packet sent. Sources: proc_pid_net(5),
 * Documentation/networking/proc_net_tcp.rst. */
#ifndef SPY_ATTACH_CONNS_H
#define SPY_ATTACH_CONNS_H

#include <stddef.h>
#include <sys/types.h>

/* Of one process. */
struct conns_row {
	pid_t pid;
	size_t count;
	char peer[64]; /* address and port of one of them */
};

struct conns {
	struct conns_row *rows; /* by rising number of the process */
	size_t count;
};

void conns_scan(struct conns *ret);
void conns_done(struct conns *c);
/* NULL when it has none. */
const struct conns_row *conns_of(const struct conns *c, pid_t pid);

#endif
