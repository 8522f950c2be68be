/* SPDX-License-Identifier: MIT */
#include "view/book_query.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "exchange/account.h"
#include "exchange/spender.h"
#include "view/sessions.h"

/* ---- what is asked for ---- */

bool book_query_has(const struct book_query *q, const struct exchange *x)
{
	if (q->conversation && strcmp(q->conversation, x->conversation.id) != 0)
		return false;
	if (q->select && !select_words_have(q->select, x))
		return false;
	if (q->terms && !terms_have_facts(q->terms, x))
		return false;
	if (q->session) {
		AUTO_FREE char *key = session_key(x);

		return strcmp(key, q->session) == 0;
	}
	return true;
}

static bool has_facts(const struct book_query *q, const struct book_entry *e)
{
	return !e->x.twin_of && (e->spends || !q->calls) && book_query_has(q, &e->x);
}

static bool has(const struct book_query *q, const struct book_entry *e)
{
	return has_facts(q, e) && (!q->terms || book_texts_have(q->texts, q->terms, e->came));
}

void book_each(const struct book *b, const struct book_query *q, book_fn fn, void *arg)
{
	struct book_entry e;

	for (size_t i = 0; i < book_count(b); i++) {
		book_get(b, i, &e);
		if (has(q, &e))
			fn(arg, &e);
	}
}

bool book_search(const struct book *b, const struct book_query *q, size_t *at, book_whole_fn fn,
		 void *arg)
{
	size_t count = book_count(b);
	struct book_entry e;

	if (!q->terms || !terms_texts(q->terms))
		return false;
	/* The newest first. */
	while (*at < count) {
		book_get(b, count - ++*at, &e);
		if (!has_facts(q, &e) || book_texts_know(q->texts, q->terms, e.came))
			continue;
		if (fn)
			book_texts_search(q->texts, q->terms, &e, fn, arg);
		return true;
	}
	return false;
}

/* ---- its order ---- */

const char *book_order_name(enum book_order o)
{
	static const char *const names[] = {
		[BOOK_BY_BEGAN] = "began",
		[BOOK_BY_DURATION] = "duration",
		[BOOK_BY_FIRST_TOKEN] = "first_token",
		[BOOK_BY_INPUT] = "input",
		[BOOK_BY_OUTPUT] = "output",
		[BOOK_BY_USD] = "usd",
		[BOOK_BY_STATUS] = "status",
		[BOOK_BY_MODEL] = "model",
		[BOOK_BY_PROGRAM] = "program",
		[BOOK_BY_USER] = "user",
	};

	return names[o];
}

struct key {
	double number;	  /* NAN: not known */
	const char *text; /* of an order by texts; NULL: not known */
	uint64_t id;
};

static double number_of(const struct exchange *x, enum book_order order)
{
	struct account a;
	int64_t n;

	exchange_account(x, &a);
	switch (order) {
	case BOOK_BY_DURATION:
		n = a.duration_ns;
		break;
	case BOOK_BY_FIRST_TOKEN:
		n = a.first_token_ns;
		break;
	case BOOK_BY_INPUT:
		n = a.input;
		break;
	case BOOK_BY_OUTPUT:
		n = a.output;
		break;
	case BOOK_BY_STATUS:
		n = a.status;
		break;
	case BOOK_BY_USD:
		return a.priced ? a.usd : NAN;
	default:
		n = a.start_ns;
		break;
	}
	return n == COUNT_UNKNOWN ? NAN : (double)n;
}

static const char *text_of(const struct exchange *x, enum book_order order)
{
	struct spender of;

	exchange_spender(x, &of);
	return order == BOOK_BY_MODEL ? of.model : order == BOOK_BY_PROGRAM ? of.program : of.user;
}

static int compare(const struct key *a, const struct key *b)
{
	if (a->text && b->text)
		return strcmp(a->text, b->text);
	return a->number < b->number ? -1 : a->number > b->number;
}

static int in_order(const void *a, const void *b, void *arg)
{
	const struct key *x = a, *y = b;
	bool descending = *(const bool *)arg;
	int unknown = (isnan(x->number) && !x->text) - (isnan(y->number) && !y->text);
	int order = compare(x, y);

	if (unknown)
		return unknown;
	if (order == 0)
		order = x->id < y->id ? -1 : x->id > y->id;
	return descending ? -order : order;
}

struct keys {
	enum book_order order;
	struct key *items;
	size_t count;
};

static void add_key(void *arg, const struct book_entry *e)
{
	struct keys *k = arg;
	bool by_text = k->order >= BOOK_BY_MODEL;
	struct key *key;

	k->items = xgrow(k->items, k->count, sizeof(*k->items));
	key = &k->items[k->count++];
	key->id = e->x.id;
	key->number = by_text ? NAN : number_of(&e->x, k->order);
	key->text = by_text ? text_of(&e->x, k->order) : NULL;
}

size_t book_page(const struct book *b, const struct book_query *q, book_fn fn, void *arg)
{
	struct keys k = { .order = q->order };
	bool descending = q->descending;
	struct book_entry e;
	size_t at;

	book_each(b, q, add_key, &k);
	if (k.count)
		qsort_r(k.items, k.count, sizeof(*k.items), in_order, &descending);
	for (size_t i = q->offset; i < k.count && i - q->offset < q->max; i++)
		if (book_find(b, k.items[i].id, &at)) {
			book_get(b, at, &e);
			fn(arg, &e);
		}
	free(k.items);
	return k.count;
}
