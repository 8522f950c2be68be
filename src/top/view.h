/* SPDX-License-Identifier: MIT */
/* `llm-spy top` on a terminal. */
#ifndef SPY_TOP_VIEW_H
#define SPY_TOP_VIEW_H

#include <stdatomic.h>

#include "cli/kept.h"
#include "view/live_store.h"

/* What the thread that traces tells the one that shows. */
struct top_signals {
	int wake;		     /* it can be read when something else has changed; -1: never */
	atomic_bool stop;	     /* the screen has to go */
	_Atomic(const char *) ended; /* why no more calls come; NULL */
};

struct top_source {
	struct kept *k;		  /* what is read, and what of it */
	struct live_store *store; /* NULL: it is no live run */
	const char *name;	  /* for people; NULL */
	struct top_signals *signals;
};

/* Until the person ends it. *ret_signal: the one that ended it, or 0. -ENOTSUP without a reason:
 * this terminal cannot be drawn on. */
int top_view_run(const struct top_source *s, int *ret_signal, struct error *reterr);

#endif
