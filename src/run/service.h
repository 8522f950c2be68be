/* SPDX-License-Identifier: MIT */
/* What a service manager is told, as sd_notify(3) has it: a word in a datagram to $NOTIFY_SOCKET.
 */
#ifndef SPY_RUN_SERVICE_H
#define SPY_RUN_SERVICE_H

#include <stdint.h>

struct service {
	int fd; /* -1: nobody asked */
	uint64_t every_ns, told_ns;
};

/* Reads $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID, and takes them out of the environment:
 * what we start is not the service. */
void service_open(struct service *s);
void service_close(struct service *s);
void service_ready(struct service *s);
void service_stopping(struct service *s);
/* Still at work: twice in the time that the manager waits. */
void service_tick(struct service *s, uint64_t now_ns);

#endif
