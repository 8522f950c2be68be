/* SPDX-License-Identifier: MIT */
/* Who spent how much: sums over the calls to models that were shown, by process, model, provider,
 * user and cgroup. */
#ifndef SPY_REPORT_SPEND_H
#define SPY_REPORT_SPEND_H

#include <stdio.h>

#include "exchange/exchange.h"

struct totals;
struct totals *totals_new(void);
void totals_free(struct totals *t); /* accepts NULL */
void totals_add(struct totals *t, const struct exchange *x);
/* Tables, each sorted by cost, then by tokens; those with a single row are left out but for the
 * models'. */
void totals_print(FILE *out, const struct totals *t);

#endif
