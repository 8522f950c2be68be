/* SPDX-License-Identifier: MIT */
/* Which calls count in sums of spending, and under which names: in one place, so that the summary,
 * what an archive sums up and what is read back agree. */
#ifndef SPY_EXCHANGE_SPENDER_H
#define SPY_EXCHANGE_SPENDER_H

#include "exchange/exchange.h"

/* Remembers answers, so that one that is fetched again is not counted twice. */
struct answers;
struct answers *answers_new(void);
void answers_free(struct answers *a); /* accepts NULL */
/* True for an answer that is fetched again and whose tokens were counted before. */
bool answers_seen(struct answers *a, const struct exchange *x);

/* A call to a model whose tokens no other record tells of, in order of a run. Calls that only count
 * tokens are no spending. */
bool exchange_spends(struct answers *a, const struct exchange *x);

bool exchange_failed(const struct exchange *x);
/* The same, or the tool that it called failed, or it had no response. */
bool exchange_went_wrong(const struct exchange *x);

/* Texts are the exchange's. */
struct spender {
	const char *model; /* that answered, by the name asked for where that is it; NULL: none */
	const char *asked; /* another name by which it was asked for; NULL */
	/* Who: a gateway calls for somebody else. */
	const char *program;
	const char *user; /* NULL: only `uid` is known */
	uint32_t uid, pid;
	char number[12]; /* spender_user's */
};
void exchange_spender(const struct exchange *x, struct spender *ret);
/* The name, or the number where there is none; valid as long as `s`. */
const char *spender_user(struct spender *s);

#endif
