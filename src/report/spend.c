/* SPDX-License-Identifier: MIT */
#include "report/spend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* Past so many rows of one table, others share the last one. */
#define ROWS_MAX 256
/* Answers remembered, so that one that is fetched again is not counted twice. */
#define ANSWERS 4096

struct spend_answers {
	char *ids[ANSWERS]; /* a ring */
	size_t next;
};

struct spend_answers *spend_answers_new(void)
{
	return xcalloc(1, sizeof(struct spend_answers));
}

void spend_answers_free(struct spend_answers *a)
{
	for (size_t i = 0; a && i < ANSWERS; i++)
		free(a->ids[i]);
	free(a);
}

struct spend *spend_new(void)
{
	struct spend *t = xcalloc(1, sizeof(*t));

	t->answers = spend_answers_new();
	return t;
}

static void row_free(struct spend_row *r)
{
	free(r->name);
	free(r->asked);
	free(r->user);
	free(r);
}

static void table_done(struct spend_table *t)
{
	for (size_t i = 0; i < t->count; i++)
		row_free(t->rows[i]);
	free(t->rows);
}

void spend_free(struct spend *t)
{
	if (!t)
		return;
	table_done(&t->models);
	table_done(&t->who);
	spend_answers_free(t->answers);
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
	t->rows = xgrow(t->rows, t->count, sizeof(struct spend_row *));
	t->rows[t->count++] = r;
	return r;
}

/* ---- models ---- */

/* "-20250929", "@001", "-2024-08-06", "-v1:0": which issue of a model it is. */
static bool is_version(const char *s)
{
	size_t digits = 0;

	if (!*s || !strchr("-@:", *s))
		return false;
	s++;
	s += *s == 'v';
	for (; *s; s++) {
		if (!strchr("0123456789-:", *s))
			return false;
		digits += *s != '-' && *s != ':';
	}
	return digits >= 2;
}

/* Whether the model that answered is the one that was asked for, by its full name. */
static bool is_variant(const char *asked, const char *answered)
{
	static const char latest[] = "-latest";
	size_t len = strlen(asked), cut = sizeof(latest) - 1;

	if (len > cut && strcmp(asked + len - cut, latest) == 0)
		len -= cut;
	return strncmp(asked, answered, len) == 0 && (!answered[len] || is_version(answered + len));
}

static struct spend_row *model_row(struct spend *t, const struct exchange *x)
{
	const char *asked = x->model_asked, *answered = x->model_answered;
	bool one = asked && answered && is_variant(asked, answered);
	const char *name = one || !answered ? asked : answered;
	struct spend_row *r = row_of(&t->models, name ? name : "", NULL);

	r->nameless = !name;
	if (asked && answered && !one && !r->asked)
		r->asked = xstrdup(asked);
	return r;
}

/* ---- who ---- */

static void add_pid(struct spend_row *r, uint32_t pid)
{
	for (size_t i = r->npids; i > 0; i--)
		if (r->pids[i - 1] == pid)
			return;
	if (r->npids < SPEND_PIDS)
		r->pids[r->npids++] = pid;
}

/* A gateway calls for somebody else. */
static struct spend_row *who_row(struct spend *t, const struct exchange *x)
{
	const struct leg *of = &x->made_for;
	const char *name = x->user ? x->user : t->user_name ? t->user_name(x->uid) : NULL;
	struct spend_row *r;
	char number[16];

	snprintf(number, sizeof(number), "%u", x->uid);
	if (of->tgid && of->program)
		r = row_of(&t->who, of->program, of->user ? of->user : name ? name : number);
	else
		r = row_of(&t->who, exchange_program(x), name ? name : number);
	add_pid(r, of->tgid ? of->tgid : x->tgid);
	return r;
}

/* ---- sums ---- */

bool spend_seen_before(struct spend_answers *a, const struct exchange *x)
{
	bool fetched = x->method && strcmp(x->method, "GET") == 0 && x->status != 101;

	if (!x->response_id || !x->usage.raw)
		return false;
	for (size_t i = 0; fetched && i < ANSWERS && a->ids[i]; i++)
		if (strcmp(a->ids[i], x->response_id) == 0)
			return true;
	free(a->ids[a->next]);
	a->ids[a->next] = xstrdup(x->response_id);
	a->next = (a->next + 1) % ANSWERS;
	return false;
}

static bool has_failed(const struct exchange *x)
{
	return x->error || x->status >= 400;
}

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
static void add(struct spend_sum *s, const struct exchange *x)
{
	bool failed = has_failed(x);

	s->calls++;
	s->failed += failed;
	add_tokens(s, &x->usage);
	add_cost(s, &x->cost);
	s->no_tokens += exchange_tokens_unknown(x);
	s->no_cost += x->cost.source == COST_UNKNOWN && (!failed || exchange_tokens_unknown(x));
	if (!failed && x->t.request_first && x->t.response_last > x->t.request_first)
		latency_add(&s->took, x->t.response_last - x->t.request_first);
}

void spend_add(struct spend *t, const struct exchange *x)
{
	if (x->kind != EXCHANGE_LLM || spend_seen_before(t->answers, x))
		return;
	if (exchange_counts(x)) {
		t->counts++;
		return;
	}
	add(&t->all, x);
	add(&model_row(t, x)->sum, x);
	add(&who_row(t, x)->sum, x);
}

static void join(struct spend_sum *to, const struct spend_sum *from)
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
	latency_join(&to->took, &from->took);
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

/* A failed call names no model that answered. */
static void join_failed(struct spend_table *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->count; i++) {
		struct spend_row *r = t->rows[i], *to = NULL;

		if (r->sum.failed == r->sum.calls && !r->asked && !r->others)
			to = asked_as(t, r->name);
		if (to)
			join(&to->sum, &r->sum);
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

static void sort(struct spend_table *t)
{
	if (t->count)
		qsort(t->rows, t->count, sizeof(struct spend_row *), dearer);
}

void spend_sort(struct spend *t)
{
	join_failed(&t->models);
	sort(&t->models);
	sort(&t->who);
}
