/* SPDX-License-Identifier: MIT */
/* What a call costs beside the prices per token: service tiers, tools of the provider, places. */
#ifndef SPY_COST_EXTRAS_H
#define SPY_COST_EXTRAS_H

#include "exchange/exchange.h"

/* How often the table's prices the call costs, by its service tier; 0: that is not known. */
double extras_tier(const struct exchange *x);

/* Whether something of the call is paid for that the table does not know. */
bool extras_are_due(const struct exchange *x);

#endif
