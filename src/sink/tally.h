/* SPDX-License-Identifier: MIT */
/* The sums of one line: calls that ended, what they took and what they cost. */
#ifndef SPY_SINK_TALLY_H
#define SPY_SINK_TALLY_H

#include "exchange/exchange.h"

#define TALLY_AGENTS 1024

struct tally {
	uint64_t calls, failed;	 /* to models */
	uint64_t others;	 /* MCP, A2A, RPC and other HTTP; calls that count tokens */
	uint64_t input, output;	 /* tokens, as far as they are known */
	uint64_t unknown_tokens; /* calls of which not all are */
	bool any_tokens;
	uint64_t unmeasured; /* of calls that were answered, those without counts of tokens */
	double usd;
	bool any_usd, some_unknown; /* some have a price; some have none */
	uint64_t agents[TALLY_AGENTS];
	size_t nagents;
};

void tally_add(struct tally *t, const struct exchange *x);

#endif
