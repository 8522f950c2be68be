/* SPDX-License-Identifier: MIT */
/* Lanes of agents: when they called models, and their tools. */
#include "web/web_int.h"

#ifdef HAVE_MICROHTTPD

#include <string.h>

#include "json/text.h"
#include "view/timeline.h"
#include "web/call_json.h"
#include "web/query.h"

/* ---- between which moments ---- */

struct moments {
	int64_t first, last;
};

static bool is_drawn(const struct book_entry *e)
{
	return e->spends || timeline_is_tool(&e->x);
}

static void widen(void *arg, const struct book_entry *e)
{
	struct moments *m = arg;
	int64_t began = exchange_began_ns(&e->x);
	int64_t ended = exchange_wall_ns(&e->x, e->x.t.response_last);

	if (!is_drawn(e))
		return;
	if (began && (!m->first || began < m->first))
		m->first = began;
	ended = ended > began ? ended : began;
	m->last = ended > m->last ? ended : m->last;
}

/* Of all that is selected, where the request does not say; in milliseconds, rounded outwards. */
static int read_moments(const struct request *r, const struct book_query *q, struct moments *ret,
			struct error *reterr)
{
	uint64_t since, until;
	int err;

	*ret = (struct moments){ 0 };
	book_each(r->web->book, q, widen, ret);
	since = (uint64_t)ret->first / 1000000;
	until = ret->last ? (uint64_t)ret->last / 1000000 + 1 : 0;
	err = request_number(r, "since_ms", INT64_MAX / 2000000, &since, reterr);
	if (!err)
		err = request_number(r, "until_ms", INT64_MAX / 2000000, &until, reterr);
	*ret = (struct moments){ (int64_t)since * 1000000, (int64_t)until * 1000000 };
	return err;
}

/* ---- lanes ---- */

static void add(void *arg, const struct book_entry *e)
{
	timeline_add(arg, &e->x);
}

static void add_tool(void *arg, const struct book_entry *e)
{
	if (timeline_is_tool(&e->x))
		timeline_add_tool(arg, &e->x);
}

static json_t *span_json(const struct timeline_span *s)
{
	json_t *list = json_array();

	json_array_append_new(list, web_moment(s->began_ns));
	json_array_append_new(list, json_milliseconds(s->duration_ns));
	json_array_append_new(list, json_string(session_state_name(s->state)));
	json_array_append_new(list, web_id(s->id));
	json_array_append_new(list, json_milliseconds(s->first_token_ns));
	json_array_append_new(list, web_name(s->what));
	if (s->kind != EXCHANGE_LLM)
		json_array_append_new(list, json_string(exchange_kind_name(s->kind)));
	return list;
}

static json_t *lane_json(const struct session *row)
{
	json_t *o = json_object();

	set(o, "key", json_from_text(row->key));
	set(o, "name", web_name(row->program));
	set(o, "kind", web_name(row->kind));
	set(o, "agent", web_name(row->agent));
	set(o, "title", web_name(row->title));
	set(o, "pid", row->pid ? json_integer(row->pid) : json_null());
	set(o, "parent", row->parent ? json_from_text(row->parent->key) : json_null());
	set(o, "inferred", json_boolean(row->inferred));
	set(o, "depth", json_integer(row->depth));
	set(o, "calls", json_integer((json_int_t)row->sum.calls));
	return o;
}

static json_t *lanes_json(const struct timeline *t)
{
	json_t *lanes = json_array();
	size_t at = 0;

	for (size_t i = 0; i < t->sessions->count; i++) {
		json_t *lane, *spans;

		if (!t->shown[i])
			continue;
		lane = lane_json(t->sessions->rows[i]);
		spans = json_array();
		for (; at < t->count && t->spans[at].lane->place == i; at++)
			json_array_append_new(spans, span_json(&t->spans[at]));
		set(lane, "spans", spans);
		json_array_append_new(lanes, lane);
	}
	return lanes;
}

static json_t *timeline_json(const struct timeline *t)
{
	json_t *o = json_object();

	set(o, "since_ms", web_moment(t->since_ns));
	set(o, "until_ms", web_moment(t->until_ns));
	set(o, "lanes", lanes_json(t));
	set(o, "more", json_boolean(t->more));
	return o;
}

/* Names in spans are the book's. */
static int read_timeline(const struct request *r, const struct web_query *q, json_t **ret,
			 struct error *reterr)
{
	const char *tools = request_text(r, "tools");
	struct book_query calls = q->book, others = q->book;
	struct timeline t = { 0 };
	struct moments m;
	int err;

	/* Whose tool is called may be known by the calls of others. */
	calls.session = others.session = NULL;
	calls.calls = true;
	pthread_mutex_lock(&r->web->lock);
	err = read_moments(r, &q->book, &m, reterr);
	timeline_begin(&t, m.first, m.last, q->book.session);
	if (!err) {
		book_each(r->web->book, &calls, add, &t);
		if (!tools || strcmp(tools, "0") != 0)
			book_each(r->web->book, &others, add_tool, &t);
		timeline_end(&t);
		*ret = timeline_json(&t);
	}
	pthread_mutex_unlock(&r->web->lock);
	timeline_done(&t);
	return err;
}

int api_timeline(struct request *r, struct error *reterr)
{
	struct web_query q;
	json_t *o;
	int err = web_query_ready(&q, r, reterr);

	if (!err)
		err = read_timeline(r, &q, &o, reterr);
	if (!err)
		answer_json(r, o);
	web_query_done(&q);
	return err;
}

#endif
