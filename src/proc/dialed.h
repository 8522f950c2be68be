/* SPDX-License-Identifier: MIT */
/* Sockets of this network namespace that have connected to chosen ports. Needs no privilege and
 * reads no /proc. Source: sock_diag(7). */
#ifndef SPY_PROC_DIALED_H
#define SPY_PROC_DIALED_H

#include <stddef.h>
#include <stdint.h>

#include "capture/ports.h"

struct dialed {
	uint64_t ino; /* the socket's: never 0 */
	bool udp;
	unsigned port;
	char peer[64]; /* address and port */
};

/* Of TCP, established or about to be, and of UDP where the kernel tells. The caller frees *ret. 0
 * or -errno; what was found until then is in *ret. */
int dialed_list(const struct port_range *ports, size_t nports, struct dialed **ret, size_t *ret_n);

#endif
