/* SPDX-License-Identifier: MIT */
/* Which processes have connections to port 443, by TCP and by UDP (QUIC, so HTTP/3), in every
 * network namespace. By /proc alone: no name is looked up and no packet sent. A UDP socket that is
 * not connected names no peer and is not found. Sources: proc_pid_net(5),
 * Documentation/networking/proc_net_tcp.rst. */
#ifndef SPY_PROC_SOCKETS_H
#define SPY_PROC_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Of one process. */
struct conns_row {
	pid_t pid;
	size_t count, udp; /* of TCP, of UDP */
	char peer[64];	   /* address and port of one of them */
};

struct conns {
	struct conns_row *rows;
	size_t count;
};

void conns_scan(struct conns *ret);
void conns_done(struct conns *c);
/* One connection more of a process. */
void conns_add(struct conns *c, pid_t pid, bool udp, const char *peer);
void conns_forget(struct conns *c, pid_t pid);
/* NULL when it has none. */
const struct conns_row *conns_of(const struct conns *c, pid_t pid);

#endif
