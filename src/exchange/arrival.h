/* SPDX-License-Identifier: MIT */
/* When the lines of a body came: events of a stream and messages of a WebSocket are made of them.
 * Lines are counted, not bytes, for masks change the length of a text and no mask holds a line end.
 */
#ifndef SPY_EXCHANGE_ARRIVAL_H
#define SPY_EXCHANGE_ARRIVAL_H

#include "exchange/exchange.h"

/* `s` was kept of the body. Past some thousand pieces, every other mark is forgotten. */
void arrival_add(struct arrival *a, uint64_t ns, struct span s);
void arrival_done(struct arrival *a);
struct arrival arrival_copy(const struct arrival *a);
/* When line `n` (from 1) had come whole, CLOCK_MONOTONIC; 0: it is not known. */
uint64_t arrival_of_line(const struct arrival *a, uint64_t n);

#endif
