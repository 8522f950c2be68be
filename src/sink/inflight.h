/* SPDX-License-Identifier: MIT */
/* The calls under way, as far as a live view needs them: the request, and how much of the answer
 * has come. Bounded, whatever comes. */
#ifndef SPY_SINK_INFLIGHT_H
#define SPY_SINK_INFLIGHT_H

#include "exchange/exchange.h"
#include "sink/streamed.h"

#define INFLIGHT_CALLS 256

struct inflight_call {
	const struct exchange *request; /* as it was when the request was known; a reference */
	const struct exchange *x;	/* as it is known to be by now; a reference */
	uint64_t heard_ns;		/* when something came last */
	struct streamed answer;
};

struct inflight;
struct inflight *inflight_new(void);
void inflight_free(struct inflight *f); /* accepts NULL */

/* A call began. What finds no place is only counted. */
void inflight_add(struct inflight *f, const struct exchange *x, uint64_t now_ns);
/* Output came; of a call that is not known, nothing happens. */
void inflight_delta(struct inflight *f, const struct exchange *x, const struct exchange_delta *d,
		    uint64_t now_ns);
void inflight_remove(struct inflight *f, uint64_t id);
/* Forgets the calls of which nothing came since then. */
void inflight_expire(struct inflight *f, uint64_t before_ns);

/* In the order in which they began. */
size_t inflight_count(const struct inflight *f);
const struct inflight_call *inflight_at(const struct inflight *f, size_t i);
const struct inflight_call *inflight_find(const struct inflight *f, uint64_t id);
/* Those that found no place. */
size_t inflight_surplus(const struct inflight *f);

#endif
