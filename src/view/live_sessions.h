/* SPDX-License-Identifier: MIT */
/* Which agents are at work at this moment: rows of sessions with their calls under way. */
#ifndef SPY_VIEW_LIVE_SESSIONS_H
#define SPY_VIEW_LIVE_SESSIONS_H

#include "report/registry.h"
#include "view/sessions.h"

/* Whether the call is one that will count in sums, as far as is known, and is selected by both. */
bool live_call_counts(const struct registry_row *row, const struct view_query *q,
		      const struct select *also);
/* Gives each session its calls under way. `rows` stay until the next call: `now` of sessions points
 * into them. An agent that is new gets a row, which is there as long as it has a call under way;
 * and `now` is one that ended up to a moment before `now_ns` (CLOCK_MONOTONIC), for its sums may
 * not be there yet, or one that was refused, as long as it has to wait. sessions_arrange() has to
 * follow. Returns how many calls are under way. */
size_t sessions_set_live(struct sessions *s, const struct registry_row *rows, size_t count,
			 const struct view_query *q, const struct select *also, uint64_t now_ns);

#endif
