/* SPDX-License-Identifier: MIT */
/* The arguments of a tool call, and its result, for people: text as text, edits as what changes. */
#ifndef SPY_SINK_ARGUMENTS_H
#define SPY_SINK_ARGUMENTS_H

#include "sink/page.h"

/* On the row that is begun, and at most so many rows; max 0: all. `s`: the arguments as they came,
 * maybe cut or no JSON. */
void arguments_put(struct page *p, struct span s, size_t max);

/* What a tool returned, likewise: of JSON, the text that it printed. */
void result_put(struct page *p, enum ink ink, struct span s, size_t max);

#endif
