/* SPDX-License-Identifier: MIT */
#include "view/talks.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "exchange/account.h"

#define ROWS_MAX 100000

struct talks *talks_new(void)
{
	return xcalloc(1, sizeof(struct talks));
}

static void leave(void *row)
{
}

void talks_free(struct talks *t)
{
	if (!t)
		return;
	tdestroy(t->by_id, leave);
	for (size_t i = 0; i < t->count; i++) {
		struct talk *k = t->rows[i];

		free(k->title);
		free(k->program);
		free(k->user);
		free(k->model);
		free(k);
	}
	free(t->rows);
	free(t);
}

static int by_id(const void *a, const void *b)
{
	const struct talk *x = a, *y = b;

	return strcmp(x->id, y->id);
}

static struct talk *row_of(struct talks *t, const char *id)
{
	struct talk key = { 0 }, **found, *k;

	memcpy(key.id, id, sizeof(key.id));
	found = tfind(&key, &t->by_id, by_id);
	if (found || t->count == ROWS_MAX)
		return found ? *found : NULL;
	k = xcalloc(1, sizeof(*k));
	memcpy(k->id, id, sizeof(k->id));
	tsearch(k, &t->by_id, by_id);
	t->rows = xgrow(t->rows, t->count, sizeof(struct talk *));
	t->rows[t->count++] = k;
	return k;
}

static void replace(char **to, const char *text)
{
	if (!text)
		return;
	free(*to);
	*to = xstrdup(text);
}

static void take_last(struct talk *k, const struct exchange *x)
{
	struct spender of;

	exchange_spender(x, &of);
	replace(&k->program, of.program);
	replace(&k->user, spender_user(&of));
	replace(&k->model, of.model);
	replace(&k->title, x->conversation.title);
	k->state = session_state(x);
}

void talks_add(struct talks *t, const struct exchange *x)
{
	int64_t began = exchange_began_ns(x);
	struct account a;
	struct talk *k;

	if (!x->conversation.id[0])
		return;
	k = row_of(t, x->conversation.id);
	if (!k) {
		t->left_out++;
		return;
	}
	exchange_account(x, &a);
	if (a.duration_ns != COUNT_UNKNOWN && began)
		began += a.duration_ns;
	if (began >= k->ended_ns) {
		k->ended_ns = began;
		take_last(k, x);
	}
	began = exchange_began_ns(x);
	if (began && (!k->began_ns || began < k->began_ns))
		k->began_ns = began;
	if (x->conversation.turn + x->conversation.turns_before > k->turns)
		k->turns = x->conversation.turn + x->conversation.turns_before;
	spend_sum_add(&k->sum, x);
}

static int latest_first(const void *a, const void *b)
{
	const struct talk *x = *(struct talk *const *)a, *y = *(struct talk *const *)b;

	if (x->ended_ns != y->ended_ns)
		return x->ended_ns > y->ended_ns ? -1 : 1;
	return strcmp(x->id, y->id);
}

void talks_sort(struct talks *t)
{
	if (t->count)
		qsort(t->rows, t->count, sizeof(struct talk *), latest_first);
}
