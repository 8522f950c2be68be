/* SPDX-License-Identifier: MIT */
/* Where the proxy writes what passes through it: a recording (doc/RECORDING.md) into a pipe, of
 * which llm-spy is the reader. What the clients say never waits for that: past a ceiling chunks are
 * dropped, and their offsets show where. */
#ifndef SPY_PROXY_OUTLET_H
#define SPY_PROXY_OUTLET_H

#include <event2/event.h>

#include "capture/chunk.h"

struct outlet;
/* Begins with the clock. The descriptor becomes non-blocking. */
struct outlet *outlet_new(struct event_base *base, int fd);
void outlet_free(struct outlet *o); /* accepts NULL */
void outlet_chunk(struct outlet *o, const struct chunk *c);

#endif
