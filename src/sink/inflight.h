/* SPDX-License-Identifier: MIT */
/* The calls under way, as far as a live view needs them: who calls which model since when, how much
 * has come, and the end of it. Bounded, whatever comes. */
#ifndef SPY_SINK_INFLIGHT_H
#define SPY_SINK_INFLIGHT_H

#include "exchange/exchange.h"

#define INFLIGHT_CALLS 256
/* Of each call the last parts, and of each the last bytes. */
#define INFLIGHT_PARTS 4
#define INFLIGHT_BYTES ((size_t)8 << 10)

struct inflight_part {
	unsigned choice;
	size_t part;
	enum part_kind kind;
	char name[64]; /* of a tool, else "" */
	struct buf tail;
	bool is_cut; /* its beginning is no longer there */
};

struct inflight_call {
	const struct exchange *x; /* as it was when the request was known; a reference */
	char model[64];		  /* as the answer says, else as asked for; "" */
	uint64_t characters;	  /* of output that came so far */
	uint64_t quiet_ns;	  /* when something came last */
	struct inflight_part parts[INFLIGHT_PARTS];
	size_t nparts;
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
/* Forgets the calls of which nothing came since then: their end may have been meant for others. */
void inflight_expire(struct inflight *f, uint64_t before_ns);

/* In the order in which they began. */
size_t inflight_count(const struct inflight *f);
const struct inflight_call *inflight_at(const struct inflight *f, size_t i);
const struct inflight_call *inflight_find(const struct inflight *f, uint64_t id);
/* Those beside, which found no place. */
size_t inflight_uncounted(const struct inflight *f);

/* Tokens that so many characters are, nearly: providers tell the number at the end only. */
uint64_t inflight_tokens(const struct inflight_call *c);

#endif
