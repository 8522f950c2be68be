/* SPDX-License-Identifier: MIT */
/* How fast it goes: tokens, calls and dollars of the last hour by time, and how long first tokens
 * took. What is added may come in any order. Pure. */
#ifndef SPY_VIEW_PACE_H
#define SPY_VIEW_PACE_H

#include "exchange/exchange.h"
#include "report/latency.h"

#define PACE_WIDTH_NS 5000000000ll
#define PACE_BARS     720 /* an hour */
/* What views show: rates of the last minute, and bars of the last 5. */
#define PACE_RATE_NS  60000000000ll
#define PACE_SHOWN_NS 300000000000ll

/* What fell into one span of time. Output counts while it came, all else when the call began. */
struct pace_bar {
	int64_t number; /* of spans since 1970; 0: it is empty */
	double input, output, usd;
	uint32_t calls, failed;
};

struct pace {
	struct pace_bar bars[PACE_BARS]; /* by number */
	struct latency first_token;	 /* of all calls that tell */
	int64_t last_ns;		 /* when the last of them ended; 0: there is none */
};

/* A second. */
struct pace_rate {
	double input, output, calls;
};

/* A zeroed one is empty. */
void pace_add(struct pace *p, const struct exchange *x);
/* The sum of what came in the span up to the bar that `until_ns` falls into. */
struct pace_bar pace_sum(const struct pace *p, int64_t until_ns, int64_t span_ns);
struct pace_rate pace_rate(const struct pace *p, int64_t until_ns);

#endif
