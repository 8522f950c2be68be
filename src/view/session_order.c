/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "view/sessions_int.h"

const char *session_order_name(enum session_order o)
{
	static const char *const names[] = {
		[SESSIONS_BY_TIME] = "time",	    [SESSIONS_BY_USD] = "USD",
		[SESSIONS_BY_CALLS] = "CALLS",	    [SESSIONS_BY_FAILED] = "FAIL",
		[SESSIONS_BY_INPUT] = "IN",	    [SESSIONS_BY_OUTPUT] = "OUT",
		[SESSIONS_BY_FIRST_TOKEN] = "TTFT", [SESSIONS_BY_PID] = "PID",
		[SESSIONS_BY_USER] = "USER",	    [SESSIONS_BY_PROGRAM] = "AGENT",
		[SESSIONS_BY_MODEL] = "MODEL",
	};

	return names[o];
}

/* ---- by one column ---- */

static int more_first(int64_t a, int64_t b)
{
	return a > b ? -1 : a < b;
}

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare(const struct session *a, const struct session *b, enum session_order order)
{
	switch (order) {
	case SESSIONS_BY_TIME:
		return more_first(a->began_ns, b->began_ns);
	case SESSIONS_BY_USD:
		return a->sum.usd > b->sum.usd ? -1 : a->sum.usd < b->sum.usd;
	case SESSIONS_BY_CALLS:
		return more_first((int64_t)a->sum.calls, (int64_t)b->sum.calls);
	case SESSIONS_BY_FAILED:
		return more_first((int64_t)a->sum.failed, (int64_t)b->sum.failed);
	case SESSIONS_BY_INPUT:
		return more_first(a->sum.input, b->sum.input);
	case SESSIONS_BY_OUTPUT:
		return more_first(a->sum.output, b->sum.output);
	case SESSIONS_BY_FIRST_TOKEN:
		return more_first(a->first_token_ns, b->first_token_ns);
	case SESSIONS_BY_PID:
		return more_first(b->pid, a->pid);
	case SESSIONS_BY_USER:
		return compare_text(a->user, b->user);
	case SESSIONS_BY_PROGRAM:
		return compare_text(a->program, b->program);
	case SESSIONS_BY_MODEL:
		return compare_text(a->model, b->model);
	case SESSIONS_ORDERS:
		break;
	}
	return 0;
}

static int in_order(const void *a, const void *b, void *arg)
{
	const struct session *x = *(struct session *const *)a, *y = *(struct session *const *)b;
	int order = x->others - y->others;

	if (order == 0)
		order = (y->busy > 0) - (x->busy > 0);
	if (order == 0)
		order = compare(x, y, *(const enum session_order *)arg);
	if (order == 0)
		order = compare(x, y, SESSIONS_BY_TIME);
	return order ? order : strcmp(x->key, y->key);
}

/* ---- as a tree ---- */

/* Gives each row the first of those below it, and the next one below the same. */
static struct session *link_rows(struct sessions *s)
{
	struct session *first = NULL;

	for (size_t i = 0; i < s->count; i++)
		s->rows[i]->child = NULL;
	for (size_t i = s->count; i-- > 0;) {
		struct session *r = s->rows[i];
		struct session **list = r->parent ? &r->parent->child : &first;

		r->next = *list;
		*list = r;
	}
	return first;
}

static struct session *after(struct session *r)
{
	if (r->child)
		return r->child;
	while (r && !r->next)
		r = r->parent;
	return r ? r->next : NULL;
}

static void put_below(struct sessions *s)
{
	size_t n = 0;

	for (struct session *r = link_rows(s); r; r = after(r)) {
		r->depth = r->parent ? r->parent->depth + 1 : 0;
		s->rows[n++] = r;
	}
}

/* Calls under way, as a tree also those of agents below: where these are, their agent is. */
static void count_busy(struct sessions *s, bool tree)
{
	for (size_t i = 0; i < s->count; i++)
		s->rows[i]->busy = s->rows[i]->live;
	for (size_t i = 0; tree && i < s->count; i++)
		for (struct session *p = s->rows[i]->parent; p && s->rows[i]->live; p = p->parent)
			p->busy += s->rows[i]->live;
}

void sessions_arrange(struct sessions *s, enum session_order order, enum session_tree tree)
{
	sessions_find_parents(s, tree);
	count_busy(s, tree != SESSIONS_FLAT);
	if (s->count)
		qsort_r(s->rows, s->count, sizeof(struct session *), in_order, &order);
	for (size_t i = 0; i < s->count; i++)
		s->rows[i]->depth = 0;
	if (tree != SESSIONS_FLAT)
		put_below(s);
	for (size_t i = 0; i < s->count; i++)
		s->rows[i]->place = i;
}
