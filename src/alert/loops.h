/* SPDX-License-Identifier: MIT */
/* Calls of tools that are made again and again with the same arguments. Requests repeat what was
 * called before; where they do not, because the provider keeps the conversation, answers are
 * counted as they come. Pure. */
#ifndef SPY_ALERT_LOOPS_H
#define SPY_ALERT_LOOPS_H

#include "exchange/exchange.h"

struct loops;
struct loops *loops_new(void);
void loops_free(struct loops *l); /* accepts NULL */

/* The number, from 1, of the message of the request in which one was called for the `least`-th
 * time; 0: none was. */
size_t loops_in_request(const struct exchange *x, unsigned least);
/* Counts what the answer calls: whether one of them was called so often in its conversation. */
bool loops_in_answer(struct loops *l, const struct exchange *x, unsigned least);

#endif
