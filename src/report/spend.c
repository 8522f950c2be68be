/* SPDX-License-Identifier: MIT */
#include "report/spend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* Past so many rows of one table, others share the last one. */
#define ROWS_MAX 256
struct spend *spend_new(void)
{
	struct spend *t = xcalloc(1, sizeof(*t));

	t->answers = answers_new();
	t->all.took = xcalloc(1, sizeof(*t->all.took));
	return t;
}

static void row_free(struct spend_row *r)
{
	free(r->name);
	free(r->asked);
	free(r->user);
	free(r->pids);
	free(r->sum.took);
	free(r);
}

void spend_table_done(struct spend_table *t)
{
	for (size_t i = 0; i < t->count; i++)
		row_free(t->rows[i]);
	free(t->rows);
}

void spend_free(struct spend *t)
{
	if (!t)
		return;
	spend_table_done(&t->models);
	spend_table_done(&t->who);
	answers_free(t->answers);
	free(t->all.took);
	free(t);
}

/* ---- rows ---- */

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static struct spend_row *row_of(struct spend_table *t, const char *name, const char *user)
{
	struct spend_row *r;

	for (size_t i = 0; i < t->count; i++)
		if (is_same(t->rows[i]->name, name) && is_same(t->rows[i]->user, user))
			return t->rows[i];
	if (t->count == ROWS_MAX)
		return t->rows[ROWS_MAX - 1];
	r = xcalloc(1, sizeof(*r));
	r->others = t->count == ROWS_MAX - 1;
	r->name = xstrdup(r->others ? "(others)" : name);
	r->user = user && !r->others ? xstrdup(user) : NULL;
	r->sum.took = xcalloc(1, sizeof(*r->sum.took));
	t->rows = xgrow(t->rows, t->count, sizeof(struct spend_row *));
	t->rows[t->count++] = r;
	return r;
}

/* ---- models ---- */

static struct spend_row *model_row(struct spend *t, const struct spender *of)
{
	struct spend_row *r = row_of(&t->models, of->model ? of->model : "", NULL);

	r->nameless = !of->model;
	if (of->asked && !r->asked)
		r->asked = xstrdup(of->asked);
	return r;
}

/* ---- who ---- */

static void add_pid(struct spend_row *r, uint32_t pid)
{
	for (size_t i = r->npids; i > 0; i--)
		if (r->pids[i - 1] == pid)
			return;
	if (r->npids == SPEND_PIDS)
		return;
	r->pids = xgrow(r->pids, r->npids, sizeof(*r->pids));
	r->pids[r->npids++] = pid;
}

static struct spend_row *who_row(struct spend *t, const struct spender *of)
{
	const char *name = of->user ? of->user : t->user_name ? t->user_name(of->uid) : NULL;
	struct spend_row *r;
	char number[16];

	snprintf(number, sizeof(number), "%u", of->uid);
	r = row_of(&t->who, of->program, name ? name : number);
	add_pid(r, of->pid);
	return r;
}

/* ---- sums ---- */

static void add_tokens(struct spend_sum *s, const struct usage *u)
{
	if (u->input > 0)
		s->input += u->input;
	if (u->output > 0)
		s->output += u->output;
	if (u->cached_read == COUNT_UNKNOWN)
		return;
	s->known_cache++;
	s->cached += u->cached_read;
	s->cache_input += u->input > 0 ? u->input : 0;
}

static void add_cost(struct spend_sum *s, const struct cost *c)
{
	s->usd += c->source == COST_UNKNOWN ? 0 : c->usd;
	s->free += c->source == COST_LOCAL;
	s->at_least += c->partial;
}

/* A failed call owes nothing that it does not state. */
void spend_sum_add(struct spend_sum *s, const struct exchange *x)
{
	bool failed = exchange_failed(x);

	s->calls++;
	s->failed += failed;
	add_tokens(s, &x->usage);
	add_cost(s, &x->cost);
	s->no_tokens += exchange_tokens_unknown(x);
	s->no_cost += x->cost.source == COST_UNKNOWN && (!failed || exchange_tokens_unknown(x));
	if (s->took && !failed && x->t.request_first && x->t.response_last > x->t.request_first)
		latency_add(s->took, x->t.response_last - x->t.request_first);
}

void spend_add(struct spend *t, const struct exchange *x)
{
	struct spender of;

	if (x->kind != EXCHANGE_LLM || answers_seen(t->answers, x))
		return;
	if (exchange_counts(x)) {
		t->counts++;
		return;
	}
	exchange_spender(x, &of);
	spend_sum_add(&t->all, x);
	spend_sum_add(&model_row(t, &of)->sum, x);
	spend_sum_add(&who_row(t, &of)->sum, x);
}

void spend_sum_join(struct spend_sum *to, const struct spend_sum *from)
{
	to->calls += from->calls;
	to->failed += from->failed;
	to->free += from->free;
	to->no_tokens += from->no_tokens;
	to->no_cost += from->no_cost;
	to->at_least += from->at_least;
	to->known_cache += from->known_cache;
	to->input += from->input;
	to->cached += from->cached;
	to->cache_input += from->cache_input;
	to->output += from->output;
	to->usd += from->usd;
	if (to->took && from->took)
		latency_join(to->took, from->took);
}

/* ---- order ---- */

/* The one row whose model was asked for by this name; NULL: none, or several. */
static struct spend_row *asked_as(const struct spend_table *t, const char *name)
{
	struct spend_row *found = NULL;

	for (size_t i = 0; i < t->count; i++) {
		if (!t->rows[i]->asked || strcmp(t->rows[i]->asked, name) != 0)
			continue;
		if (found)
			return NULL;
		found = t->rows[i];
	}
	return found;
}

static void join_row(struct spend_row *to, const struct spend_row *from)
{
	spend_sum_join(&to->sum, &from->sum);
	for (size_t i = 0; i < SPEND_BARS; i++)
		to->bars[i] += from->bars[i];
}

void spend_join_failed(struct spend_table *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->count; i++) {
		struct spend_row *r = t->rows[i], *to = NULL;

		if (r->sum.failed == r->sum.calls && !r->asked && !r->others)
			to = asked_as(t, r->name);
		if (to)
			join_row(to, r);
		r->joined = to != NULL;
	}
	for (size_t i = 0; i < t->count; i++)
		if (t->rows[i]->joined)
			row_free(t->rows[i]);
		else
			t->rows[kept++] = t->rows[i];
	t->count = kept;
}

static int dearer(const void *a, const void *b)
{
	const struct spend_row *x = *(struct spend_row *const *)a;
	const struct spend_row *y = *(struct spend_row *const *)b;
	int64_t m = x->sum.input + x->sum.output, n = y->sum.input + y->sum.output;

	if (x->others != y->others)
		return x->others ? 1 : -1;
	if (x->sum.usd != y->sum.usd)
		return x->sum.usd < y->sum.usd ? 1 : -1;
	if (m != n)
		return m < n ? 1 : -1;
	if (x->sum.calls != y->sum.calls)
		return x->sum.calls < y->sum.calls ? 1 : -1;
	return strcmp(x->name, y->name);
}

void spend_table_sort(struct spend_table *t)
{
	if (t->count)
		qsort(t->rows, t->count, sizeof(struct spend_row *), dearer);
}

void spend_sort(struct spend *t)
{
	spend_join_failed(&t->models);
	spend_table_sort(&t->models);
	spend_table_sort(&t->who);
}
