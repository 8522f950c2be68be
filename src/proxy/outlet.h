/* SPDX-License-Identifier: MIT */
/* Where the proxy writes what passes through it: a recording (doc/RECORDING.md) into a socket, of
 * which llm-spy is the reader. What the clients say never waits for that: it is written a moment
 * later, and past a ceiling chunks are dropped, and their offsets show where. Ends the loop when
 * the reader has closed its half. */
#ifndef SPY_PROXY_OUTLET_H
#define SPY_PROXY_OUTLET_H

#include <event2/event.h>

#include "capture/chunk.h"

struct outlet;
/* Begins with the clock. The descriptor becomes non-blocking. */
struct outlet *outlet_new(struct event_base *base, int fd);
/* Writes what is left, as long as its reader reads, and closes the descriptor. Accepts NULL. */
void outlet_free(struct outlet *o);
void outlet_chunk(struct outlet *o, const struct chunk *c);

#endif
