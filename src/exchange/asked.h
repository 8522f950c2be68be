/* SPDX-License-Identifier: MIT */
#ifndef SPY_EXCHANGE_ASKED_H
#define SPY_EXCHANGE_ASKED_H

#include "exchange/exchange.h"

/* The record as it was when its request was known: without the answer and what followed from it.
 * What it points to is borrowed from `x`; it is not to be freed. */
struct exchange exchange_asked(const struct exchange *x);

#endif
