/* SPDX-License-Identifier: MIT */
/* What is known to be missing of an exchange, in words. */
#ifndef SPY_SINK_LEDGER_H
#define SPY_SINK_LEDGER_H

#include "exchange/exchange.h"

typedef void (*ledger_fn)(void *arg, const char *text);

/* Calls fn for each thing that is missing. The texts hold nothing of the traffic but what a body's
 * Content-Encoding says. */
void ledger_each(const struct exchange *x, ledger_fn fn, void *arg);
/* The same of the alerts that were given: "aws-key (message 2)". */
void ledger_alerts(const struct exchange *x, ledger_fn fn, void *arg);

#endif
