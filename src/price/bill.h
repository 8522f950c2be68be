/* SPDX-License-Identifier: MIT */
/* What an exchange cost, from all that it says: the provider's own figure first, then the table. */
#ifndef SPY_PRICE_BILL_H
#define SPY_PRICE_BILL_H

#include "price/price.h"

/* Fills in x->cost once the answer has ended. prices may be NULL. */
void bill(const struct prices *prices, struct exchange *x);

#endif
