/* SPDX-License-Identifier: MIT */
/* Feeds bytes to an incremental parser whole, one at a time, and in pieces of chance lengths:
 * the outcome must be the same. Each piece is a copy of its exact size, so that a sanitizer sees
 * a read past its end. */
#ifndef SPY_TESTS_CUTS_H
#define SPY_TESTS_CUTS_H

#include <stdlib.h>

#include "base/span.h"

enum { CUT_WHOLE, CUT_BYTES, CUT_RANDOM, CUT_WAYS = CUT_RANDOM + 6 };

typedef void (*cut_fn)(void *arg, struct span piece);

/* way: CUT_WHOLE, CUT_BYTES, or one of the seeds from CUT_RANDOM on. */
static inline void cut_feed(unsigned way, struct span s, cut_fn fn, void *arg)
{
	uint32_t chance = way * 2654435761u + 1;

	while (s.len) {
		size_t len = way == CUT_WHOLE ? s.len : 1;
		uint8_t *copy;

		chance = chance * 1664525 + 1013904223;
		if (way >= CUT_RANDOM)
			len = 1 + (chance >> 16) % (way % 2 ? 7 : 61);
		if (len > s.len)
			len = s.len;
		copy = malloc(len);
		memcpy(copy, s.ptr, len);
		fn(arg, span_of(copy, len));
		free(copy);
		s = span_from(s, len);
	}
}

static inline const char *cut_name(unsigned way)
{
	return way == CUT_WHOLE ? "whole" : way == CUT_BYTES ? "byte by byte" : "in random pieces";
}

#endif
