/* SPDX-License-Identifier: MIT */
/* Chunks in the order in which they came, from the first on whose process is not described yet, as
 * on a busy host: whether it is wanted, and who it is, depends on what the description says. */
#ifndef SPY_CAPTURE_HELD_CHUNKS_H
#define SPY_CAPTURE_HELD_CHUNKS_H

#include "capture/chunk.h"

/* By the times of the events; and bytes of all. */
#define HELD_CHUNKS_NS	1000000000ull
#define HELD_CHUNKS_MAX ((size_t)64 << 20)

struct held_chunks;
struct held_chunks *held_chunks_new(void);
void held_chunks_free(struct held_chunks *h); /* accepts NULL; what is held is lost */
/* Keeps a copy. */
void held_chunks_add(struct held_chunks *h, const struct chunk *c);
/* NULL: none is held. Valid while it is held. */
const struct chunk *held_chunks_first(const struct held_chunks *h);
/* The first is no longer held, and valid until the next call. */
const struct chunk *held_chunks_take(struct held_chunks *h);
/* Whether there is a first one that may be held no longer. */
bool held_chunks_is_late(const struct held_chunks *h, uint64_t now_ns);

#endif
