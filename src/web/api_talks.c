/* SPDX-License-Identifier: MIT */
/* Conversations: a list of them, and one with its turns. */
#include "web/web_int.h"

#ifdef HAVE_MICROHTTPD

#include <errno.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/json.h"
#include "sink/history.h"
#include "view/talks.h"
#include "web/call_json.h"
#include "web/query.h"
#include "web/shorten.h"
#include "web/written.h"

#define HISTORY_BYTES (32u << 20)
/* Turns of a page. */
#define TURNS_MAX 200
#define TURNS	  50

/* ---- the list ---- */

static json_t *talk_row(const struct talk *k)
{
	json_t *o = json_object();

	set(o, "id", json_string(k->id));
	set(o, "title", web_name(k->title));
	set(o, "program", web_name(k->program));
	set(o, "user", web_name(k->user));
	set(o, "model", web_name(k->model));
	set(o, "turns", json_integer(k->turns));
	set(o, "began_ms", web_moment(k->began_ns));
	set(o, "last_ms", web_moment(k->ended_ns));
	set(o, "state", json_string(session_state_name(k->state)));
	set(o, "sum", web_sum(&k->sum));
	return o;
}

static void add_to_talks(void *arg, const struct book_entry *e)
{
	talks_add(arg, &e->x);
}

int api_talks(struct request *r, struct error *reterr)
{
	struct web_query q;
	int err = web_query_ready(&q, r, reterr);

	if (!err) {
		struct talks *t = talks_new();
		json_t *o = json_object(), *rows = json_array();
		struct book_query calls = q.book;

		calls.calls = true;
		pthread_mutex_lock(&r->web->lock);
		book_each(r->web->book, &calls, add_to_talks, t);
		pthread_mutex_unlock(&r->web->lock);
		talks_sort(t);
		for (size_t i = q.book.offset; i < t->count && i - q.book.offset < q.book.max; i++)
			json_array_append_new(rows, talk_row(t->rows[i]));
		set(o, "total", json_integer((json_int_t)t->count));
		set(o, "offset", json_integer((json_int_t)q.book.offset));
		set(o, "rows", rows);
		answer_json(r, o);
		talks_free(t);
	}
	web_query_done(&q);
	return err;
}

/* ---- the calls of one ---- */

struct calls_of {
	struct web *web;
	uint64_t *ids;
	size_t count;
	struct talks *talks; /* its sums */
};

static void add_id(void *arg, const struct book_entry *e)
{
	struct calls_of *c = arg;

	c->ids = xgrow(c->ids, c->count, sizeof(*c->ids));
	c->ids[c->count++] = e->x.id;
	if (e->spends)
		talks_add(c->talks, &e->x);
}

static int find_calls(struct request *r, struct calls_of *ret, struct error *reterr)
{
	struct book_query q = { .conversation = r->segment };

	*ret = (struct calls_of){ .web = r->web, .talks = talks_new() };
	pthread_mutex_lock(&r->web->lock);
	if (*r->segment)
		book_each(r->web->book, &q, add_id, ret);
	pthread_mutex_unlock(&r->web->lock);
	if (ret->count)
		return 0;
	return error_set(reterr, -ENOENT, "there is no conversation %.16s", r->segment);
}

static void calls_done(struct calls_of *c)
{
	free(c->ids);
	talks_free(c->talks);
}

/* ---- its turns ---- */

static json_t *broken_cache(const struct exchange *x, const struct news *n)
{
	const struct conversation *k = &x->conversation;
	double price = history_price_again(n, x);
	json_t *o;

	if (!k->broke)
		return json_null();
	o = json_object();
	set(o, "why", json_string(conversation_break_name(k->broke_by)));
	set(o, "message", json_integer((json_int_t)k->broke_at + 1));
	set(o, "tokens", web_count(k->lost_cache));
	set(o, "usd",
	    price > 0 && k->lost_cache > 0 ? web_usd(price * (double)k->lost_cache) : json_null());
	return o;
}

static bool is_echo(const struct history *h, const struct news *n, const struct message *m)
{
	for (size_t i = 0; i < m->nparts; i++)
		if (!history_is_echo(h, n, &m->parts[i]))
			return false;
	return history_is_answer(m);
}

/* Messages that no earlier turn had, without the last answer, which comes back with the request. */
static json_t *new_messages(const struct exchange *x, const json_t *record, const struct history *h,
			    const struct news *n)
{
	const json_t *all = json_object_get(json_object_get(record, "request"), "messages");
	json_t *list = json_array();

	for (size_t i = n->first; i < x->nmessages; i++)
		if (!is_echo(h, n, &x->messages[i]))
			json_array_append(list, json_array_get(all, i));
	return list;
}

static json_t *answer_parts(const json_t *record)
{
	const json_t *choices = json_object_get(json_object_get(record, "response"), "choices");
	json_t *parts = json_object_get(json_array_get(choices, 0), "parts");

	return parts ? json_incref(parts) : json_array();
}

static json_t *cached_share(const struct exchange *x)
{
	if (x->usage.input <= 0 || x->usage.cached_read == COUNT_UNKNOWN)
		return json_null();
	return json_real((double)x->usage.cached_read / (double)x->usage.input);
}

static json_t *turn_json(const struct exchange *x, const struct history *h, size_t *left)
{
	json_t *o = json_object(), *record = exchange_to_json(x, 0);
	const json_t *request = json_object_get(record, "request");
	struct news n;

	history_look(h, x, &n);
	set(o, "call", web_call(x));
	set(o, "new_messages", new_messages(x, record, h, &n));
	set(o, "answer", answer_parts(record));
	/* A prompt is shown where it is new. */
	set(o, "system",
	    n.system == SEEN_BEFORE ? json_null()
				    : json_incref(json_object_get(request, "system")));
	set(o, "tools", json_integer((json_int_t)x->ntools));
	set(o, "gap_ms", n.has_gap ? json_milliseconds((int64_t)n.gap_ns) : json_null());
	set(o, "cached_share", cached_share(x));
	set(o, "cache_broke", broken_cache(x, &n));
	set(o, "retry_of", web_id(n.retry_of));
	json_decref(record);
	shorten(o, left);
	return o;
}

/* The one before the first of the page is read too, since it tells what is new. */
static json_t *turns_json(const struct calls_of *c, size_t offset, size_t max)
{
	struct history *h = history_new(HISTORY_BYTES);
	json_t *list = json_array();
	size_t left = SHORT_ALL;

	for (size_t i = offset ? offset - 1 : 0; i < c->count && i < offset + max; i++) {
		struct error e;
		struct exchange *x = web_whole(c->web, c->ids[i], &e);

		if (!x)
			continue;
		if (i >= offset)
			json_array_append_new(list, turn_json(x, h, &left));
		history_add(h, x);
		exchange_unref(x);
	}
	history_free(h);
	return list;
}

int api_talk(struct request *r, struct error *reterr)
{
	uint64_t offset = 0, limit = TURNS;
	struct calls_of c;
	int err = find_calls(r, &c, reterr);

	if (!err)
		err = request_number(r, "offset", INT32_MAX, &offset, reterr);
	if (!err)
		err = request_number(r, "limit", TURNS_MAX, &limit, reterr);
	if (!err) {
		json_t *o = c.talks->count ? talk_row(c.talks->rows[0]) : json_object();

		set(o, "id", web_name(r->segment));
		set(o, "total", json_integer((json_int_t)c.count));
		set(o, "offset", json_integer((json_int_t)offset));
		set(o, "turns_shown", turns_json(&c, offset, limit));
		answer_json(r, o);
	}
	calls_done(&c);
	return err;
}

/* ---- saved ---- */

static int write_as(struct request *r, const char *format, struct error *reterr)
{
	struct calls_of c;
	struct written w;
	int err = find_calls(r, &c, reterr);

	if (!err && (err = written_begin(&w, format, reterr)) == 0) {
		for (size_t i = 0; i < c.count && !err; i++) {
			struct error e;
			struct exchange *x = web_whole(r->web, c.ids[i], &e);

			err = x ? written_add(&w, x, reterr) : 0;
			exchange_unref(x);
		}
		if (written_end(&w, &r->out, reterr) != 0)
			err = reterr->code;
	}
	calls_done(&c);
	if (!err)
		r->file = xasprintf("conversation-%s.%s", r->segment, format);
	return err;
}

int api_talk_html(struct request *r, struct error *reterr)
{
	return write_as(r, "html", reterr);
}

int api_talk_md(struct request *r, struct error *reterr)
{
	return write_as(r, "md", reterr);
}

#endif
