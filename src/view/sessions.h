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
/* Of one call: how it ended, and the key of the row that it belongs to, to be freed. */
enum session_state session_state(const struct exchange *x);
char *session_key(const struct exchange *x);

struct registry_row;

/* What the calls that began in one span of time cost. */
#define SESSION_BAR_NS 300000000000ll
#define SESSION_BARS   12 /* an hour */
struct session_bar {
	int64_t number; /* of spans since 1970 */
	double usd;
	uint32_t calls, unknown; /* unknown: their cost, or that is a lower bound */
};

struct session {
	/* As the client says; NULL: it does not. */
	char *session, *agent, *kind;
	/* Of the last call. */
	char *program, *user, *model, *title;
	char *container, *provider, *host;
	uint32_t pid;
	struct ancestors ancestors; /* of the process: the most that one of its calls tells */
	char conversation[17];	    /* "": none */
	unsigned turn;
	int64_t began_ns;	/* since 1970; 0: not known */
	int64_t first_token_ns; /* of the last one that tells; COUNT_UNKNOWN */
	int64_t took_ns;	/* COUNT_UNKNOWN */
	int64_t context;	/* tokens of its input, likewise of the last one that tells */
	double speed; /* tokens of output a second, likewise of the last one that tells; 0 */
	enum session_state state;
	char *last; /* what it did: a tool or how its text begins, on one line; NULL */

	struct spend_sum sum;		       /* its own calls, without sub-agents */
	struct session_bar bars[SESSION_BARS]; /* by number */
	uint64_t *calls;		       /* their ids, as they came */
	size_t ncalls;
	/* sessions_arrange's: that began this one, or that it branched off; or, as a tree of
	 * processes, the first row of its process, and of that the first row of the nearest process
	 * above it that has one. NULL. And whether that follows from equal texts: the client does
	 * not say so. */
	struct session *parent;
	bool inferred;
	bool others;	/* past the ceiling of rows: all that follow */
	unsigned depth; /* sessions_arrange's */
	size_t place;	/* likewise, among the rows */

	char *key; /* names the row, of these and any others that are read */
	/* live_sessions.h: calls under way, and the one that spoke last; borrowed. */
	unsigned live, busy; /* busy: sessions_arrange's, with those of agents below */
	const struct registry_row *now;

	/* sessions.c's */
	char *parent_agent;
	char parent_conversation[17], branched_from[17];
	bool guessed; /* the former conversation */
	bool apart;   /* session_tree.c's */
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

/* What stands below what. */
enum session_tree {
	SESSIONS_OF_AGENTS,    /* sub-agents below the agent that began them, and branches of
				* conversations below these */
	SESSIONS_OF_PROCESSES, /* processes below those that they descend from, and what each of
				* them does; sub-agents within it as before */
	SESSIONS_FLAT,
	SESSIONS_TREES,
};

struct sessions {
	struct spend_sum all;
	struct spend_sum today; /* what began at `today_ns` or later */
	int64_t today_ns;
	uint64_t newest; /* the highest id that was read, selected or not */
	/* Asked of each selected call that is read: whether it is to be added; NULL: all are. */
	bool (*takes)(void *arg, const struct exchange *x);
	void *arg;
	struct session **rows; /* as sessions_arrange put them */
	size_t count;
	void *by_key, *by_conversation;
};

struct sessions *sessions_new(int64_t today_ns);
void sessions_free(struct sessions *s); /* accepts NULL */
/* A call that counts in sums; its row. */
struct session *sessions_add(struct sessions *s, const struct exchange *x);
/* All calls that both the query and `also` select, which may be NULL. 0, or -errno with a reason,
 * after everything that could be read. */
int sessions_read(struct sessions *s, struct view *v, const struct view_query *q,
		  const struct select *also, struct error *reterr);
/* The order of rows. */
void sessions_arrange(struct sessions *s, enum session_order order, enum session_tree tree);
/* The row of a call that counts in no sum yet. One that is made for it bears its names. */
struct session *sessions_row(struct sessions *s, const struct exchange *x);
/* The row of this key, which a row has as long as it is there; NULL. */
struct session *sessions_find(const struct sessions *s, const char *key);
/* The row that had this conversation first; NULL. */
struct session *sessions_of_conversation(const struct sessions *s, const char *id);
/* What it cost in the hour that ends with the bar of this moment. */
struct session_bar session_hour(const struct session *r, int64_t now_ns);
/* Whether the call belongs to this row. */
bool session_has(const struct session *r, const struct exchange *x);

#endif
