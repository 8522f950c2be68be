/* SPDX-License-Identifier: MIT */
/* One call, whole. */
#include "web/web_int.h"

#ifdef HAVE_MICROHTTPD

#include <errno.h>
#include <string.h>

#include "exchange/json.h"
#include "web/call_json.h"
#include "web/flight.h"
#include "web/query.h"
#include "web/shorten.h"

#define MESSAGES_MAX 500

/* ---- the record ---- */

static int take(void *arg, const struct exchange *x, struct error *reterr)
{
	struct exchange **ret = arg;

	*ret = exchange_copy(x, EXCHANGE_CONTENT | EXCHANGE_BODIES);
	return 1;
}

struct exchange *web_record(struct web *w, uint64_t id, struct error *reterr)
{
	struct view_query q = { .id = w->copy ? 0 : id, .number = w->copy ? id : 0, .whole = true };
	struct exchange *x = NULL;
	int err = view_each(w->whole, &q, take, &x, reterr);

	if (!x && !err)
		error_set(reterr, -ENOENT, "there is no exchange %llu", (unsigned long long)id);
	if (x)
		x->id = id;
	return x;
}

struct exchange *web_whole(struct web *w, uint64_t id, struct error *reterr)
{
	struct exchange *x = web_record(w, id, reterr);
	struct book_entry e;
	size_t at;

	/* In a copy, it has a number of its own, and so have others. */
	pthread_mutex_lock(&w->lock);
	if (x && w->copy)
		x->twin_of = book_find(w->book, id, &at) ? book_get(w->book, at, &e)->twin_of : 0;
	pthread_mutex_unlock(&w->lock);
	return x;
}

/* ---- its neighbours ---- */

struct neighbours {
	uint64_t id, previous, next;
};

static void look(void *arg, const struct book_entry *e)
{
	struct neighbours *n = arg;

	if (e->x.id < n->id)
		n->previous = e->x.id;
	else if (e->x.id > n->id && !n->next)
		n->next = e->x.id;
}

/* The calls before and after it in its conversation. */
static json_t *neighbours(struct web *w, const struct exchange *x)
{
	struct book_query q = { .conversation = x->conversation.id };
	struct neighbours n = { .id = x->id };
	json_t *o = json_object();

	if (x->conversation.id[0]) {
		pthread_mutex_lock(&w->lock);
		book_each(w->book, &q, look, &n);
		pthread_mutex_unlock(&w->lock);
	}
	json_object_set_new(o, "previous", web_id(n.previous));
	json_object_set_new(o, "next", web_id(n.next));
	return o;
}

/* Of a hundred thousand messages, the last ones: `messages_from` others are left out. */
static void cut_messages(json_t *record)
{
	json_t *request = json_object_get(record, "request");
	json_t *all = json_object_get(request, "messages"), *last;
	size_t count = json_array_size(all), from = count > MESSAGES_MAX ? count - MESSAGES_MAX : 0;

	if (!all)
		return;
	json_object_set_new(request, "messages_from", json_integer((json_int_t)from));
	if (!from)
		return;
	last = json_array();
	for (size_t i = from; i < count; i++)
		json_array_append(last, json_array_get(all, i));
	json_object_set_new(request, "messages", last);
}

int api_call(struct request *r, struct error *reterr)
{
	struct exchange *x;
	uint64_t id = 0;
	size_t left = SHORT_ALL;
	json_t *o, *row = NULL;

	if (*r->segment == 'f')
		x = flight_find(r->web, r->segment, &row, reterr);
	else
		x = request_id(r, &id, reterr) == 0 ? web_whole(r->web, id, reterr) : NULL;
	if (!x)
		return reterr->code;
	o = exchange_to_json(x, EXCHANGE_JSON_BODIES);
	cut_messages(o);
	shorten(o, &left);
	json_object_set_new(o, "neighbours", neighbours(r->web, x));
	json_object_set_new(o, "call", row ? row : web_call(x));
	answer_json(r, o);
	exchange_unref(x);
	return 0;
}

#endif
