/* SPDX-License-Identifier: MIT */
/* Calls of MCP that go on in another call: a server that needs something of its client answers
 * input_required, and the client tries again with what was asked for. The record of that names the
 * one before. Of the last calls that ended so, what the next has in common is kept. */
#ifndef SPY_ASSEMBLE_ROUNDS_H
#define SPY_ASSEMBLE_ROUNDS_H

#include "exchange/exchange.h"

struct rounds;
struct rounds *rounds_new(void);
void rounds_free(struct rounds *r); /* accepts NULL */

/* The request was read: x may go on with an earlier call. */
void rounds_asked(struct rounds *r, struct exchange *x);
/* Its answer was read, or a piece of it: x may go on in a later call. */
void rounds_answered(struct rounds *r, struct exchange *x);

#endif
