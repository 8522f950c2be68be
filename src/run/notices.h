/* SPDX-License-Identifier: MIT */
/* What is said at once, while a run goes on: events that were lost. */
#ifndef SPY_RUN_NOTICES_H
#define SPY_RUN_NOTICES_H

#include <stdbool.h>
#include <stdint.h>

struct notices {
	uint64_t said_lost; /* how many were said */
	uint64_t looked_ns, said_ns;
};

/* Whether it is time to count again; counting takes system calls. */
bool notices_are_due(const struct notices *n, uint64_t now_ns);
/* `lost`: all that was lost since the start. */
void notices_lost(struct notices *n, uint64_t lost, uint64_t now_ns);

#endif
