/* SPDX-License-Identifier: MIT */
/* When which agent called: a lane for each row of sessions, with a span for each of its calls
 * between two moments, to models and to its tools. Pure. */
#ifndef SPY_VIEW_TIMELINE_H
#define SPY_VIEW_TIMELINE_H

#include "view/sessions.h"

#define TIMELINE_SPANS_MAX 5000

struct timeline_span {
	uint64_t id;
	int64_t began_ns, duration_ns; /* since 1970; COUNT_UNKNOWN */
	int64_t first_token_ns;	       /* COUNT_UNKNOWN */
	enum session_state state;
	enum exchange_kind kind;
	const char *what; /* the model, or the tool; NULL; the exchange's own */
	const struct session *lane;
};

struct timeline_call;

struct timeline {
	int64_t since_ns, until_ns;
	const char *session;	     /* key of the only lane with spans; NULL: all have them */
	struct sessions *sessions;   /* the lanes, agents above the agents that they began */
	bool *shown;		     /* by place: it has a span, or one below it has */
	struct timeline_span *spans; /* by lane, then by time */
	size_t count;
	bool more; /* than these: the latest are shown */

	struct timeline_call *calls; /* timeline.c's: whose tools are called */
	size_t ncalls;
	bool sorted;
};

/* All that began before `until` and ended at `since` or later. */
void timeline_begin(struct timeline *t, int64_t since_ns, int64_t until_ns, const char *session);
/* A call that counts in sums; they come in any order. */
void timeline_add(struct timeline *t, const struct exchange *x);
/* Whether it is a call to a tool, or to another agent. */
bool timeline_is_tool(const struct exchange *x);
/* Such a call, after all calls that count. It goes to the agent whose answer asked for it, else to
 * the one that the client names, else to the one whose process it is: if that has several, the one
 * that called a model last. */
void timeline_add_tool(struct timeline *t, const struct exchange *x);
void timeline_end(struct timeline *t);
void timeline_done(struct timeline *t);

#endif
