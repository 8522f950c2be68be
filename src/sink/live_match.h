/* SPDX-License-Identifier: MIT */
/* Whether a record has a word that was typed, whatever its case. */
#ifndef SPY_SINK_LIVE_MATCH_H
#define SPY_SINK_LIVE_MATCH_H

#include "exchange/exchange.h"

/* In its program, model or host, in what is new of its request, or in its answer. */
bool live_match(const struct exchange *x, const char *word);

#endif
