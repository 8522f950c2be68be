/* SPDX-License-Identifier: MIT */
/* Whether a record has what was typed as a filter: in its program, model or host, or where --grep
 * looks. */
#ifndef SPY_SINK_LIVE_MATCH_H
#define SPY_SINK_LIVE_MATCH_H

#include "exchange/exchange.h"
#include "select/needle.h"

bool live_match(const struct exchange *x, const struct needle *n);

#endif
