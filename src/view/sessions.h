/* SPDX-License-Identifier: MIT */
/* Agents at work: a row for each session of an agent, its sub-agents below it, and what their calls
 * to models came to. Calls whose client names no session have a row for their process and
 * conversation. Each call is in one row, so that the rows add up to the total. Pure. */
#ifndef SPY_VIEW_SESSIONS_H
#define SPY_VIEW_SESSIONS_H

#include "report/spend.h"
#include "view/view.h"

/* How the last call of a row ended. */
enum session_state {
	SESSION_DONE,
	SESSION_TOOLS,	/* it asks for tools */
	SESSION_CUT,	/* it has no answer, or not all of it */
	SESSION_FAILED, /* the call failed */
};
const char *session_state_name(enum session_state s);

struct session {
	/* As the client says; NULL: it does not. */
	char *session, *agent, *kind;
	/* Of the last call. */
	char *program, *user, *model, *title;
	uint32_t pid;
	char conversation[17]; /* "": none */
	unsigned turn;
	int64_t began_ns;	/* since 1970; 0: not known */
	int64_t first_token_ns; /* of the last one that tells; COUNT_UNKNOWN */
	enum session_state state;
	char *last; /* what it did: a tool or how its text begins, on one line; NULL */

	struct spend_sum sum; /* its own calls, without sub-agents */
	uint64_t *calls;      /* their ids, as they came */
	size_t ncalls;
	struct session *parent; /* that began this one; NULL */
	bool inferred;		/* by equal texts: the client does not say so */
	bool others;		/* past the ceiling of rows: all that follow */
	unsigned depth;		/* sessions_arrange's */

	/* sessions.c's */
	char *key, *parent_agent;
	char parent_conversation[17];
	struct session *child, *next;
};

enum session_order {
	SESSIONS_BY_TIME, /* of the last call, the latest first */
	SESSIONS_BY_USD,
	SESSIONS_BY_CALLS,
	SESSIONS_BY_FAILED,
	SESSIONS_BY_INPUT,
	SESSIONS_BY_OUTPUT,
	SESSIONS_BY_FIRST_TOKEN,
	SESSIONS_BY_PID,
	SESSIONS_BY_USER,
	SESSIONS_BY_PROGRAM,
	SESSIONS_BY_MODEL,
	SESSIONS_ORDERS,
};
const char *session_order_name(enum session_order o);

struct sessions {
	struct spend_sum all;
	struct spend_sum today; /* what began at `today_ns` or later */
	int64_t today_ns;
	uint64_t newest;       /* the highest id that was read, selected or not */
	struct session **rows; /* as sessions_arrange put them */
	size_t count;
	void *by_key, *by_conversation;
};

struct sessions *sessions_new(int64_t today_ns);
void sessions_free(struct sessions *s); /* accepts NULL */
/* A call that counts in sums. */
void sessions_add(struct sessions *s, const struct exchange *x);
/* All calls that both the query and `also` select, which may be NULL. 0, or -errno with a reason,
 * after everything that could be read. */
int sessions_read(struct sessions *s, struct view *v, const struct view_query *q,
		  const struct select *also, struct error *reterr);
/* The order of rows; with `tree`, sub-agents stand below the agent that began them. */
void sessions_arrange(struct sessions *s, enum session_order order, bool tree);
/* Whether the call belongs to this row. */
bool session_has(const struct session *r, const struct exchange *x);

#endif
