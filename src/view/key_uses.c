/* SPDX-License-Identifier: MIT */
#include "view/key_uses.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "exchange/spender.h"
#include "view/sums.h"

#define ROWS_MAX 4096

static bool is_of(const struct key_use *u, const char *id, const char *provider)
{
	return strcmp(u->id, id) == 0 &&
	       (provider ? string_eq(u->provider, provider) : !u->provider);
}

/* NULL: there are too many. Those used last are near the end. */
static struct key_use *use_of(struct key_uses *k, const char *id, const char *hint,
			      const char *provider)
{
	struct key_use *u;

	for (size_t i = k->count; i > 0; i--)
		if (is_of(&k->rows[i - 1], id, provider))
			return &k->rows[i - 1];
	if (k->count == ROWS_MAX)
		return NULL;
	k->rows = xgrow(k->rows, k->count, sizeof(*k->rows));
	u = &k->rows[k->count++];
	*u = (struct key_use){ .hint = hint ? xstrdup(hint) : NULL,
			       .provider = provider ? xstrdup(provider) : NULL };
	snprintf(u->id, sizeof(u->id), "%s", id);
	return u;
}

static void add_name(struct key_names *n, const char *name)
{
	for (size_t i = 0; i < n->count; i++)
		if (strcmp(n->items[i], name) == 0)
			return;
	if (n->count == KEY_NAMES_MAX)
		n->more = true;
	else
		n->items[n->count++] = xstrdup(name);
}

static void add_time(struct key_use *u, int64_t first_ns, int64_t last_ns)
{
	if (first_ns && (!u->first_ns || first_ns < u->first_ns))
		u->first_ns = first_ns;
	u->last_ns = last_ns > u->last_ns ? last_ns : u->last_ns;
}

/* Calls of one key that one program made for one user. */
static void add_calls(void *arg, const struct reading_key *c)
{
	struct key_uses *k = arg;
	struct key_use *u =
		use_of(k, c->key, *c->hint ? c->hint : NULL, *c->provider ? c->provider : NULL);

	if (!u) {
		k->left_out += c->calls;
		return;
	}
	add_name(&u->programs, c->program);
	add_name(&u->users, c->user);
	u->calls += c->calls;
	u->usd += c->usd;
	u->cost_unknown += c->no_cost;
	add_time(u, c->first_ns, c->last_ns);
}

static int add_call(void *arg, const struct exchange *x, struct error *reterr)
{
	bool known = x->cost.source != COST_UNKNOWN;
	struct reading_key one = { .key = x->key.id,
				   .hint = x->key.hint ? x->key.hint : "",
				   .provider = x->provider ? x->provider : "",
				   .calls = 1,
				   .no_cost = !known,
				   .usd = known ? x->cost.usd : 0 };
	struct spender s;

	if (x->kind != EXCHANGE_LLM)
		return 0;
	exchange_spender(x, &s);
	one.program = s.program;
	one.user = spender_user(&s);
	one.first_ns = one.last_ns = exchange_began_ns(x);
	add_calls(arg, &one);
	return 0;
}

/* Whether an archive adds them up: nothing is selected but a time. */
static bool is_summed(const struct view *v, const struct view_query *q)
{
	static const char *const words[] = { "since", "until", NULL };
	const struct select *s = q->select;

	return view_is_archive(v) &&
	       (!s || (s->mode == SHOW_DEFAULT && select_asks_only(s, words)));
}

static int later(const void *a, const void *b)
{
	const struct key_use *x = a, *y = b;

	if (x->last_ns != y->last_ns)
		return x->last_ns > y->last_ns ? -1 : 1;
	return strcmp(x->id, y->id);
}

int key_uses_read(struct key_uses *k, struct view *v, const struct view_query *q,
		  struct error *reterr)
{
	struct view_query own = *q;
	int64_t since = 0, until = INT64_MAX;
	int err;

	*k = (struct key_uses){ 0 };
	own.calls = true;
	if (q->select)
		select_span(q->select, &since, &until);
	err = is_summed(v, q) ? view_keys(v, since, until, add_calls, k, reterr)
			      : view_each(v, &own, add_call, k, reterr);
	if (k->count)
		qsort(k->rows, k->count, sizeof(*k->rows), later);
	return err;
}

static void names_done(struct key_names *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->items[i]);
}

void key_uses_done(struct key_uses *k)
{
	for (size_t i = 0; i < k->count; i++) {
		struct key_use *u = &k->rows[i];

		free(u->hint);
		free(u->provider);
		names_done(&u->programs);
		names_done(&u->users);
	}
	free(k->rows);
	*k = (struct key_uses){ 0 };
}
