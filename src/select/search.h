/* SPDX-License-Identifier: MIT */
/* Where --grep looks in a record: what is new in the call, and its answer. What an earlier turn of
 * the conversation has shown would be found again with every later one. */
#ifndef SPY_SELECT_SEARCH_H
#define SPY_SELECT_SEARCH_H

#include "exchange/exchange.h"
#include "select/needle.h"

/* The text that has it; its `ptr` is NULL where there is none. Borrowed from the record. */
struct span search_find(const struct needle *n, const struct exchange *x);
bool search_exchange(const struct needle *n, const struct exchange *x);

#endif
