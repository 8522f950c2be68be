/* SPDX-License-Identifier: MIT */
/* One output's own policy of redaction, beyond what is masked for all: applied to copies of the
 * records, on the output's thread. */
#ifndef SPY_SINK_STRICTER_H
#define SPY_SINK_STRICTER_H

#include "exchange/redact_policy.h"

struct stricter_row;

/* Zeroed at first. */
struct stricter {
	struct redact_policy policy;
	struct stricter_row *rows; /* streams under way */
	size_t nrows;
};

void stricter_done(struct stricter *s);
/* False: nothing needs to be hidden, and none of the following is to be called. */
bool stricter_is_needed(const struct stricter *s);

/* A copy as this output may show it; the caller's. */
struct exchange *stricter_copy(const struct exchange *x, const struct stricter *s);

/* The same of what comes with each text of a stream: made once for all that it comes with. */
struct exchange *stricter_light(struct stricter *s, const struct exchange *x);

typedef void (*stricter_fn)(void *arg, const struct exchange_delta *d);
/* A delta as this output may show it, perhaps empty. */
void stricter_delta(struct stricter *s, const struct exchange_delta *d, stricter_fn fn, void *arg);
/* The exchange has ended, or another stands for it: passes on what was held back of its stream. */
void stricter_end(struct stricter *s, uint64_t id, stricter_fn fn, void *arg);

#endif
