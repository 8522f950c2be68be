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
struct sockets_row {
	pid_t pid;
	size_t count, udp; /* of TCP, of UDP */
	char peer[64];	   /* address and port of one of them */
};

struct sockets {
	struct sockets_row *rows;
	size_t count;
};

void sockets_scan(struct sockets *ret);
void sockets_done(struct sockets *c);
/* One connection more of a process. */
void sockets_add(struct sockets *c, pid_t pid, bool udp, const char *peer);
void sockets_forget(struct sockets *c, pid_t pid);
/* NULL when it has none. */
const struct sockets_row *sockets_of(const struct sockets *c, pid_t pid);

#endif
