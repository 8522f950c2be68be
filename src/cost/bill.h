/* SPDX-License-Identifier: MIT */
/* What an exchange cost, from all that it says: the provider's own figure first, then the table. */
#ifndef SPY_COST_BILL_H
#define SPY_COST_BILL_H

#include "cost/price.h"

/* Fills in x->cost once the answer has ended. prices may be NULL. */
void bill(const struct prices *prices, struct exchange *x);

#endif
