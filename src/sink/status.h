/* SPDX-License-Identifier: MIT */
/* The lines below what is read: one of each call under way, and one of sums. */
#ifndef SPY_SINK_STATUS_H
#define SPY_SINK_STATUS_H

#include "sink/inflight.h"
#include "sink/page.h"
#include "sink/tally.h"

struct status_view {
	uint64_t now_ns;
	unsigned most;	   /* calls that get a line; of others there is the number */
	uint64_t followed; /* has no line, since it is shown in full above them; 0: none */
	bool numbered;	   /* lines have the number of the key that follows their call */
	bool keys, help;
	bool paused;
	uint64_t waiting;   /* blocks that are not shown while it is paused */
	const char *filter; /* only what has this word is shown; NULL: all is */
	const char *typed;  /* the word as far as it is typed; NULL: none is */
};

void status_write(struct page *p, const struct inflight *f, const struct tally *t,
		  const struct status_view *v);
/* The call whose line has that number, 1 to 9, or NULL. */
const struct inflight_call *status_call(const struct inflight *f, const struct status_view *v,
					unsigned number);

#endif
