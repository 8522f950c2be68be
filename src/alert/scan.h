/* SPDX-License-Identifier: MIT */
/* What a request holds that rules ask for, before it is masked: credentials and patterns. Pure. */
#ifndef SPY_ALERT_SCAN_H
#define SPY_ALERT_SCAN_H

#include "alert/rules.h"
#include "exchange/exchange.h"

/* Adds to x->suspects the first place of each. blanked: as in key_find. */
void scan_request(const struct rules *r, bool blanked, struct exchange *x);

#endif
