/* SPDX-License-Identifier: MIT */
/* Numbers the exchanges that a run shows: 1, 2, 3 in the order in which each is known to be shown,
 * which is that of their requests for model calls. Records that nobody is shown have none, so that
 * they leave no hole: they may be most (other HTTP, servers' views of calls), and what is one of
 * them is often known at its end only. */
#ifndef SPY_EXCHANGE_NUMBERING_H
#define SPY_EXCHANGE_NUMBERING_H

#include "exchange/observer.h"

/* Whether some output shows it, as far as it is known. */
typedef bool (*shown_fn)(const void *arg, const struct exchange *x);

struct numbering {
	uint64_t last;
	shown_fn shown; /* NULL: all are */
	const void *arg;
};

/* Before the observers that use numbers; give it a struct numbering * as arg. */
extern const struct observer numbering_observer;

#endif
