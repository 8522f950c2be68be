/* SPDX-License-Identifier: MIT */
/* Which row of the sessions stands below which. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "view/sessions_int.h"

/* Rows below rows. */
#define DEPTH_MAX 64

/* ---- who began whom ---- */

/* The agent that the client names, else the conversation that began it, else the session's first
 * agent, which Claude Code does not name, else the conversation that it branched off. opencode
 * names the session that began this one. */
static struct session *parent_of(const struct sessions *s, const struct session *r,
				 bool *ret_inferred)
{
	struct session *p = NULL;

	*ret_inferred = false;
	if (r->others)
		return NULL;
	if (r->session && r->parent_agent) {
		p = sessions_of_agent(s, r->session, r->parent_agent);
		p = p ? p : sessions_of_agent(s, r->parent_agent, NULL);
	}
	if ((!p || p == r) && r->parent_conversation[0]) {
		p = sessions_of_conversation(s, r->parent_conversation);
		*ret_inferred = r->guessed;
	}
	if ((!p || p == r) && r->session && r->agent) {
		p = sessions_of_agent(s, r->session, NULL);
		*ret_inferred = false;
	}
	if ((!p || p == r) && r->branched_from[0]) {
		p = sessions_of_conversation(s, r->branched_from);
		*ret_inferred = true;
	}
	return p == r ? NULL : p;
}

/* What strangers name as their parents may go in a circle, or down without end. */
static bool is_above(const struct session *r, const struct session *of)
{
	for (unsigned i = 0; of && of != r && i < DEPTH_MAX; i++)
		of = of->parent;
	return of != NULL;
}

static void find_parents(struct sessions *s)
{
	for (size_t i = 0; i < s->count; i++) {
		s->rows[i]->parent = NULL;
		s->rows[i]->inferred = false;
	}
	for (size_t i = 0; i < s->count; i++) {
		bool inferred;
		struct session *p = parent_of(s, s->rows[i], &inferred);

		if (!p || is_above(s->rows[i], p))
			continue;
		s->rows[i]->parent = p;
		s->rows[i]->inferred = inferred;
	}
}

/* ---- processes ---- */

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

/* A number is given again, and a process becomes another program. */
static int compare_process(const struct session *a, const struct session *b)
{
	int order = (a->pid > b->pid) - (a->pid < b->pid);

	order = order ? order : compare_text(a->program, b->program);
	return order ? order : compare_text(a->container, b->container);
}

static uint64_t first_call(const struct session *r)
{
	return r->ncalls ? r->calls[0] : UINT64_MAX;
}

/* Those of a process together, what stands below nothing and began first at the front. */
static int by_process(const void *a, const void *b)
{
	const struct session *x = *(struct session *const *)a, *y = *(struct session *const *)b;
	int order = compare_process(x, y);

	if (order == 0)
		order = (x->parent != NULL) - (y->parent != NULL);
	if (order == 0)
		order = (first_call(x) > first_call(y)) - (first_call(x) < first_call(y));
	return order ? order : strcmp(x->key, y->key);
}

static int by_pid(const void *pid, const void *row)
{
	uint32_t a = *(const uint32_t *)pid, b = (*(struct session *const *)row)->pid;

	return (a > b) - (a < b);
}

/* The first row of a process, once they are in that order; NULL. */
static struct session *first_of(const struct sessions *s, uint32_t pid)
{
	struct session **at = bsearch(&pid, s->rows, s->count, sizeof(*at), by_pid);

	while (at && at > s->rows && at[-1]->pid == pid)
		at--;
	return at ? *at : NULL;
}

/* The nearest process above it that has a row. */
static void put_below_ancestor(const struct sessions *s, struct session *r)
{
	for (unsigned i = 0; i < r->ancestors.count && !r->parent; i++) {
		struct session *p = first_of(s, r->ancestors.pids[i]);

		if (p && !p->others && !is_above(r, p))
			r->parent = p;
	}
}

static void put_below_process(struct sessions *s)
{
	struct session *first = NULL;

	for (size_t i = 0; i < s->count; i++) {
		struct session *r = s->rows[i];

		r->apart = r->parent && compare_process(r, r->parent) != 0;
	}
	for (size_t i = 0; i < s->count; i++)
		if (s->rows[i]->apart) {
			s->rows[i]->parent = NULL;
			s->rows[i]->inferred = false;
		}
	qsort(s->rows, s->count, sizeof(struct session *), by_process);
	for (size_t i = 0; i < s->count; i++) {
		struct session *r = s->rows[i];

		if (!first || compare_process(first, r) != 0)
			first = r;
		else if (!r->parent && r->pid && !r->others)
			r->parent = first;
	}
	for (size_t i = 0; i < s->count; i++)
		if (!s->rows[i]->parent && !s->rows[i]->others)
			put_below_ancestor(s, s->rows[i]);
}

void sessions_find_parents(struct sessions *s, enum session_tree tree)
{
	find_parents(s);
	if (tree == SESSIONS_OF_PROCESSES && s->count)
		put_below_process(s);
}
