/* SPDX-License-Identifier: MIT */
/* Where --grep looks in a record: what is new in the call, and its answer. What an earlier turn of
 * the conversation has shown would be found again with every later one. */
#ifndef SPY_SELECT_SEARCH_H
#define SPY_SELECT_SEARCH_H

#include "exchange/exchange.h"
#include "select/needle.h"

bool search_exchange(const struct needle *n, const struct exchange *x);

#endif
