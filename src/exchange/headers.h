/* SPDX-License-Identifier: MIT */
#ifndef SPY_EXCHANGE_HEADERS_H
#define SPY_EXCHANGE_HEADERS_H

#include "exchange/exchange.h"

/* The value of the first field of this name, in any case of letters; its ptr is NULL when there is
 * none. Borrowed from `h`. */
struct span headers_find(const struct headers *h, const char *name);

#endif
