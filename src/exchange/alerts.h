/* SPDX-License-Identifier: MIT */
/* Lists of alerts. */
#ifndef SPY_EXCHANGE_ALERTS_H
#define SPY_EXCHANGE_ALERTS_H

#include "exchange/exchange.h"

/* More of one call are not kept. */
#define ALERTS_MAX 64

/* Both are copied; where: NULL if there is no place to name. Once for each pair. */
void alerts_add(struct alerts *a, const char *rule, const char *where);
void alerts_done(struct alerts *a); /* empties it */

#endif
