/* SPDX-License-Identifier: MIT */
/* The text output on a terminal: blocks of calls that ended scroll away above, and below them a
 * region shows what is under way. It owns the terminal until it is left: messages that go to
 * standard error are shown above the region too. */
#ifndef SPY_SINK_LIVE_VIEW_H
#define SPY_SINK_LIVE_VIEW_H

#include <poll.h>

#include "sink/block.h"

struct live_view_config {
	FILE *out;
	int fd;			  /* the terminal that `out` leads to */
	bool keys;		  /* its keys are ours, if it is standard input too */
	bool fixed_width;	  /* of the style; else as wide as the terminal is */
	struct block_style style; /* of blocks */
	struct history *history;  /* the caller's */
};

struct live_view;
/* On the main thread, as live_view_free; all others on one thread, an output's. */
struct live_view *live_view_open(const struct live_view_config *c);
void live_view_free(struct live_view *l); /* accepts NULL */

void live_view_request(struct live_view *l, const struct exchange *x);
void live_view_delta(struct live_view *l, const struct exchange *x, const struct exchange_delta *d);
void live_view_superseded(struct live_view *l, const struct exchange *x);
void live_view_end(struct live_view *l, const struct exchange *x);

/* As those of a sink (sink.h). */
size_t live_view_pollfds(struct live_view *l, struct pollfd *fds, size_t max, unsigned *ret_ms);
void live_view_tick(struct live_view *l, uint64_t now_ns);
void live_view_flush(struct live_view *l);
/* Leaves the terminal as it was, and the cursor below all that was shown. */
void live_view_finish(struct live_view *l);

#endif
