/* SPDX-License-Identifier: MIT */
/* Dollars of one day, by whoever spent them. Pure. */
#ifndef SPY_ALERT_SPENT_H
#define SPY_ALERT_SPENT_H

#include "alert/rules.h"
#include "exchange/exchange.h"

struct spent;
struct spent *spent_new(void);
void spent_free(struct spent *s); /* accepts NULL */
/* Another day than before: all begin anew. A call of an earlier day counts as of this one. */
void spent_begin(struct spent *s, unsigned day);
unsigned spent_day(const struct spent *s);
/* Who spent what this call cost, as such a budget has it; of gateways, for whom they call. */
uint64_t spent_subject(const struct exchange *x, enum budget_of of);
/* The same by name: of a user, or his number where he has none; of a program; of all together any.
 */
uint64_t spent_subject_of(enum budget_of of, const char *name);
/* Returns the sum with this. Of so many subjects that there is no room, more are not counted: their
 * sum is 0. */
double spent_add(struct spent *s, uint64_t subject, double usd);

#endif
