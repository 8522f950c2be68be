/* SPDX-License-Identifier: MIT */
/* Chunks of processes that are not described yet, as on a busy host, in the order in which they
 * came: whether they are wanted depends on what the description says. */
#ifndef SPY_CAPTURE_HELD_CHUNKS_H
#define SPY_CAPTURE_HELD_CHUNKS_H

#include "capture/chunk.h"

/* By the times of the events; and bytes of all. */
#define HELD_CHUNKS_NS	1000000000ull
#define HELD_CHUNKS_MAX ((size_t)16 << 20)

struct held_chunks;
struct held_chunks *held_chunks_new(void);
void held_chunks_free(struct held_chunks *h); /* accepts NULL; what is held is lost */
/* Keeps a copy. */
void held_chunks_add(struct held_chunks *h, const struct chunk *c);
/* The first that is held of that process, of any process (0), or that is held for longer than it
 * may be at that time; NULL: there is none. Valid, and no longer held, until the next call. */
const struct chunk *held_chunks_take(struct held_chunks *h, uint32_t tgid);
const struct chunk *held_chunks_take_late(struct held_chunks *h, uint64_t now_ns);

#endif
