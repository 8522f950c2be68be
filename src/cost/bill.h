/* SPDX-License-Identifier: MIT */
/* The cost of an exchange: the provider's own figure if there is one, else from the table. */
#ifndef SPY_COST_BILL_H
#define SPY_COST_BILL_H

#include "cost/price.h"

/* Fills in x->cost once the answer has ended. prices may be NULL. */
void bill(const struct prices *prices, struct exchange *x);

#endif
