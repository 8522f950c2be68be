/* SPDX-License-Identifier: MIT */
/* Who spent how much: sums over the calls to models that were shown, by process, model, provider,
 * user and cgroup. */
#ifndef SPY_REPORT_SPEND_H
#define SPY_REPORT_SPEND_H

#include <stdio.h>

#include "exchange/exchange.h"

struct spend;
struct spend *spend_new(void);
void spend_free(struct spend *t); /* accepts NULL */
void spend_add(struct spend *t, const struct exchange *x);
/* Tables, each sorted by cost, then by tokens; those with a single row are left out but for the
 * models'. */
void spend_print(FILE *out, const struct spend *t);

#endif
