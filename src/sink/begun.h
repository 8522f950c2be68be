/* SPDX-License-Identifier: MIT */
/* The exchanges under way that an output has begun to show, by id. */
#ifndef SPY_SINK_BEGUN_H
#define SPY_SINK_BEGUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct begun {
	uint64_t *ids; /* no more than are under way */
	size_t count;
};

void begun_add(struct begun *f, uint64_t id);
bool begun_has(const struct begun *f, uint64_t id);
bool begun_drop(struct begun *f, uint64_t id); /* whether it was there */
void begun_done(struct begun *f);

#endif
