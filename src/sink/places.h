/* SPDX-License-Identifier: MIT */
/* Which conversation of a page is which: 0 for the first that came, then 1, 2, 3. */
#ifndef SPY_SINK_PLACES_H
#define SPY_SINK_PLACES_H

#include <stdbool.h>

/* Those past it, and calls of no conversation, share the last place. */
#define PLACES_MAX 65535

struct places;
struct places *places_new(void);
void places_free(struct places *p); /* accepts NULL */
/* id: 16 hex digits, or "". *ret_first: it has not been asked for before. */
unsigned places_of(struct places *p, const char *id, bool *ret_first);

#endif
