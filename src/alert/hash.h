/* SPDX-License-Identifier: MIT */
/* What is remembered of calls is remembered by hash (FNV-1a): whoever makes two that are equal has
 * one alert less. */
#ifndef SPY_ALERT_HASH_H
#define SPY_ALERT_HASH_H

#include "exchange/exchange.h"

static inline uint64_t alert_hash(uint64_t seed, struct span s)
{
	uint64_t h = seed ^ 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.len; i++)
		h = (h ^ s.ptr[i]) * 0x100000001b3u;
	return h ? h : 1;
}

static inline uint64_t alert_hash_number(uint64_t seed, uint64_t n)
{
	return alert_hash(seed, span_of(&n, sizeof(n)));
}

/* The conversation of a call, else its process. */
static inline uint64_t alert_conversation(const struct exchange *x)
{
	return x->conversation.id[0] ? alert_hash(1, span_str(x->conversation.id))
				     : alert_hash_number(2, x->tgid);
}

#endif
