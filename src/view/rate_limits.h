/* SPDX-License-Identifier: MIT */
/* What providers said last of how much more they take: rate limits and quotas, by provider and
 * model. Pure. */
#ifndef SPY_VIEW_RATE_LIMITS_H
#define SPY_VIEW_RATE_LIMITS_H

#include "exchange/exchange.h"

/* Of one kind: requests, tokens ... Unknown is COUNT_UNKNOWN. */
struct rate {
	const char *what;
	int64_t limit, remaining;
	int64_t resets_ns; /* when all is there again, since 1970 */
};

#define RATES_MAX 8

struct rate_limit {
	char *provider, *model; /* NULL: not known */
	int64_t at_ns;		/* of the answer that told it, since 1970 */
	int64_t retry_after_ms; /* that this answer asked to wait; COUNT_UNKNOWN */
	struct rate rates[RATES_MAX];
	size_t count;
};

struct rate_limits;
struct rate_limits *rate_limits_new(void);
void rate_limits_free(struct rate_limits *r); /* accepts NULL */
/* Of a whole record. The newest answer of a provider and model counts. */
void rate_limits_add(struct rate_limits *r, const struct exchange *x);
/* NULL behind the last one. */
const struct rate_limit *rate_limits_get(const struct rate_limits *r, size_t i);

#endif
