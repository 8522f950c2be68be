/* SPDX-License-Identifier: MIT */
#include "view/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "exchange/account.h"

/* A call to a model, by its process and time. */
struct timeline_call {
	uint32_t pid;
	int64_t began_ns;
	struct session *lane;
};

void timeline_begin(struct timeline *t, int64_t since_ns, int64_t until_ns, const char *session)
{
	*t = (struct timeline){ .since_ns = since_ns,
				.until_ns = until_ns,
				.session = session,
				.sessions = sessions_new(INT64_MAX) };
}

void timeline_done(struct timeline *t)
{
	sessions_free(t->sessions);
	free(t->spans);
	free(t->calls);
	free(t->shown);
}

/* ---- spans ---- */

static const char *name_of(const struct exchange *x)
{
	struct spender of;

	if (x->kind != EXCHANGE_LLM)
		return x->rpc_name ? x->rpc_name : x->rpc_method;
	exchange_spender(x, &of);
	return of.model;
}

static void add_span(struct timeline *t, const struct exchange *x, const struct session *lane)
{
	int64_t began = exchange_began_ns(x), took;
	struct account a;

	exchange_account(x, &a);
	took = a.duration_ns == COUNT_UNKNOWN ? 0 : a.duration_ns;
	if (!began || began >= t->until_ns || began + took < t->since_ns)
		return;
	if (t->session && strcmp(t->session, lane->key) != 0)
		return;
	t->spans = xgrow(t->spans, t->count, sizeof(*t->spans));
	t->spans[t->count++] = (struct timeline_span){
		.id = x->id,
		.began_ns = began,
		.duration_ns = a.duration_ns,
		.first_token_ns = a.first_token_ns,
		.state = x->rpc_failed ? SESSION_FAILED : session_state(x),
		.kind = x->kind,
		.what = name_of(x),
		.lane = lane,
	};
}

void timeline_add(struct timeline *t, const struct exchange *x)
{
	struct session *lane = sessions_add(t->sessions, x);
	struct spender of;

	exchange_spender(x, &of);
	t->calls = xgrow(t->calls, t->ncalls, sizeof(*t->calls));
	t->calls[t->ncalls++] = (struct timeline_call){ of.pid, exchange_began_ns(x), lane };
	add_span(t, x, lane);
}

/* ---- of tools ---- */

bool timeline_is_tool(const struct exchange *x)
{
	/* What has no method is a stream of messages, which may stay open for days. */
	return (x->kind == EXCHANGE_MCP || x->kind == EXCHANGE_A2A) && x->rpc_method;
}

static int by_process(const void *a, const void *b)
{
	const struct timeline_call *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->began_ns < y->began_ns ? -1 : x->began_ns > y->began_ns;
}

/* Of this process, the lane that called a model last before that moment, else first after it. */
static struct session *lane_of_process(struct timeline *t, uint32_t pid, int64_t began_ns)
{
	const struct timeline_call of = { .pid = pid, .began_ns = began_ns };
	size_t low = 0, high = t->ncalls;

	if (!t->sorted && t->ncalls)
		qsort(t->calls, t->ncalls, sizeof(*t->calls), by_process);
	t->sorted = true;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (by_process(&t->calls[middle], &of) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low > 0 && t->calls[low - 1].pid == pid)
		return t->calls[low - 1].lane;
	return low < t->ncalls && t->calls[low].pid == pid ? t->calls[low].lane : NULL;
}

static const struct session *lane_of_tool(struct timeline *t, const struct exchange *x)
{
	AUTO_FREE char *key = session_key(x);
	struct session *r = sessions_of_conversation(t->sessions, x->agent.parent_conversation);
	struct spender of;

	exchange_spender(x, &of);
	if (!r)
		r = sessions_find(t->sessions, key);
	if (!r)
		r = lane_of_process(t, of.pid, exchange_began_ns(x));
	return r ? r : sessions_row(t->sessions, x);
}

void timeline_add_tool(struct timeline *t, const struct exchange *x)
{
	add_span(t, x, lane_of_tool(t, x));
}

/* ---- their order ---- */

static int latest_first(const void *a, const void *b)
{
	const struct timeline_span *x = a, *y = b;

	if (x->began_ns != y->began_ns)
		return x->began_ns > y->began_ns ? -1 : 1;
	return x->id > y->id ? -1 : x->id < y->id;
}

static int by_lane(const void *a, const void *b)
{
	const struct timeline_span *x = a, *y = b;

	if (x->lane != y->lane)
		return x->lane->place < y->lane->place ? -1 : 1;
	return -latest_first(a, b);
}

static void show_lanes(struct timeline *t)
{
	t->shown = xcalloc(t->sessions->count + 1, sizeof(*t->shown));
	for (size_t i = 0; i < t->count; i++)
		for (const struct session *r = t->spans[i].lane; r && !t->shown[r->place];
		     r = r->parent)
			t->shown[r->place] = true;
}

void timeline_end(struct timeline *t)
{
	sessions_arrange(t->sessions, SESSIONS_BY_TIME, SESSIONS_OF_AGENTS);
	t->more = t->count > TIMELINE_SPANS_MAX;
	if (t->count)
		qsort(t->spans, t->count, sizeof(*t->spans), latest_first);
	t->count = t->more ? TIMELINE_SPANS_MAX : t->count;
	if (t->count)
		qsort(t->spans, t->count, sizeof(*t->spans), by_lane);
	show_lanes(t);
}
