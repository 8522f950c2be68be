/* SPDX-License-Identifier: MIT */
/* Processes with TCP or UDP (QUIC, so HTTP/3) connections to port 443, in every network namespace.
 * Reads only /proc: looks up no name and sends no packet. A UDP socket that is not connected has no
 * peer and is not found. Sources: proc_pid_net(5), Documentation/networking/proc_net_tcp.rst. */
#ifndef SPY_PROC_SOCKETS_H
#define SPY_PROC_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* One process. */
struct sockets_row {
	pid_t pid;
	size_t count, udp; /* of TCP, of UDP */
	char peer[64];	   /* address and port of one peer */
};

struct sockets {
	struct sockets_row *rows;
	size_t count;
};

void sockets_scan(struct sockets *ret);
void sockets_done(struct sockets *c);
/* Adds one connection of a process. */
void sockets_add(struct sockets *c, pid_t pid, bool udp, const char *peer);
void sockets_forget(struct sockets *c, pid_t pid);
/* NULL if it has none. */
const struct sockets_row *sockets_of(const struct sockets *c, pid_t pid);

#endif
