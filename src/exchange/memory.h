/* SPDX-License-Identifier: MIT */
/* What a record takes of memory: counted against the limit `memory`. */
#ifndef SPY_EXCHANGE_MEMORY_H
#define SPY_EXCHANGE_MEMORY_H

#include "exchange/exchange.h"

/* All but the bodies. */
size_t exchange_memory(const struct exchange *x);

#endif
