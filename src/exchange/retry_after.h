/* SPDX-License-Identifier: MIT */
#ifndef SPY_EXCHANGE_RETRY_AFTER_H
#define SPY_EXCHANGE_RETRY_AFTER_H

#include "exchange/exchange.h"

/* How long an answer asks to wait before it is asked again, ms, by its header fields;
 * COUNT_UNKNOWN: it does not say, or names a moment and its own time is not known. */
int64_t exchange_retry_after_ms(const struct exchange *x);

#endif
