/* SPDX-License-Identifier: MIT */
#include "assemble/rpc_calls.h"

#include <stdlib.h>

#include "assemble/deliver.h"
#include "assemble/dialect_reader.h"
#include "assemble/heads.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "json/read.h"
#include "json/write.h"
#include "llm/json.h"

/* More than an agent has under way at once with one server; the oldest gives way. */
#define OPEN_MAX 1024

/* A request that waits for its result. */
struct open_call {
	struct assembly *k;
	enum dir asked;
	char *id;    /* JSON: 1 and "1" are two */
	char *token; /* JSON: by which notifications of its progress name it; NULL */
	char *session;
};

/* A result that came before its request: who is woken by a write may answer before that call has
 * returned. */
#define EARLY_MAX 16
struct early {
	enum dir from;
	char *id;
	struct buf text;
	bool cut;
	uint64_t ts_ns;
};

struct rpc_calls {
	struct assembler_conn *cc;
	const struct dialect *dialect; /* NULL: nothing was said that tells */
	struct open_call open[OPEN_MAX];
	size_t nopen;
	struct early early[EARLY_MAX]; /* the oldest first */
	size_t nearly;
	uint64_t count;
	bool met;   /* a request or notification came */
	bool whole; /* the first of them is one that begins a session */
};

struct rpc_calls *rpc_calls_new(struct assembler_conn *cc)
{
	struct rpc_calls *r = xcalloc(1, sizeof(*r));

	r->cc = cc;
	return r;
}

static void forget_at(struct rpc_calls *r, size_t i)
{
	struct open_call *c = &r->open[i];

	c->k->rpc_calls = NULL;
	free(c->id);
	free(c->token);
	free(c->session);
	memmove(c, c + 1, (--r->nopen - i) * sizeof(*c));
}

void rpc_calls_forget(struct rpc_calls *r, const struct assembly *k)
{
	for (size_t i = 0; i < r->nopen; i++)
		if (r->open[i].k == k) {
			forget_at(r, i);
			return;
		}
}

static struct limits *lim_of(const struct rpc_calls *r)
{
	return r->cc->assembler->lim;
}

/* ---- what it is ---- */

static const struct dialect *dialect_of(struct rpc_calls *r, const json_t *v)
{
	for (size_t i = 0; dialects[i]; i++) {
		const struct dialect *d = dialects[i];

		if (d->kind != EXCHANGE_MCP && d->kind != EXCHANGE_ACP)
			continue;
		if (d->proves_request(v))
			return r->dialect = d;
	}
	return r->dialect;
}

/* ---- calls ---- */

static struct assembly *begin(struct rpc_calls *r, enum dir asked, uint64_t ts,
			      const struct dialect *d)
{
	struct assembly *k = assembly_of(r->cc, ++r->count);
	struct exchange *x = k->x;

	heads_set_stdio(x, r->cc, asked);
	x->from_middle = !r->whole;
	k->waited = true; /* there is no other view of it */
	k->settled = true;
	builder_set_time(x, ts);
	dialect_reader_set(k, d);
	return k;
}

static void add_text(struct assembly *k, enum http_msg m, uint64_t ts, struct span text)
{
	struct body *b = m == HTTP_REQUEST ? &k->x->request_body : &k->x->response_body;

	builder_set_time(k->x, ts);
	if (!k->begun[m])
		assembly_begin_side(k, m, ts, NULL);
	if (!b->media_type)
		set_string(&b->media_type, SPAN_LIT("application/json"));
	if (b->wire)
		body_reader_bytes(&k->in[m], ts, SPAN_LIT("\n"));
	body_reader_bytes(&k->in[m], ts, text);
}

static void ask(struct assembly *k, uint64_t ts, const json_t *v, struct span text, bool cut)
{
	k->x->request_seen = true;
	k->x->request_partial = cut;
	add_text(k, HTTP_REQUEST, ts, text);
	assembly_end_side(k, HTTP_REQUEST, true);
	dialect_reader_request(k, v);
}

static void answer(struct assembly *k, uint64_t ts, const json_t *v, struct span text, bool cut)
{
	struct exchange *x = k->x;

	add_text(k, HTTP_RESPONSE, ts, text);
	x->response_seen = true;
	x->response_partial |= cut;
	heads_answered_by(x, k->cc);
	if (x->stream) {
		dialect_reader_event(k, span_of(NULL, 0), v);
		x->stream_events--; /* a result is none */
	}
	assembly_end_side(k, HTTP_RESPONSE, true);
	assembly_end(k);
}

/* The end that asked was answered by the other one. */
static struct open_call *call_of(struct rpc_calls *r, enum dir d, const json_t *id)
{
	struct open_call *found = NULL;
	char *name = json_name_text(id);

	for (size_t i = 0; name && i < r->nopen && !found; i++)
		if (r->open[i].asked != d && strcmp(r->open[i].id, name) == 0)
			found = &r->open[i];
	free(name);
	return found;
}

/* ---- results that come early ---- */

static void drop_early(struct rpc_calls *r, size_t i)
{
	struct early *e = &r->early[i];

	limits_memory_sub(lim_of(r), e->text.len);
	free(e->id);
	buf_done(&e->text);
	memmove(e, e + 1, (--r->nearly - i) * sizeof(*e));
}

/* No request of it was seen. */
static void give_up_early(struct rpc_calls *r)
{
	struct early *e = &r->early[0];
	bool partial;
	json_t *v;

	if (r->dialect && !r->whole) {
		v = json_read(lim_of(r), buf_span(&e->text), &partial);
		answer(begin(r, e->from == DIR_WRITE ? DIR_READ : DIR_WRITE, e->ts_ns, r->dialect),
		       e->ts_ns, v, buf_span(&e->text), e->cut);
		json_decref(v);
	}
	drop_early(r, 0);
}

static void keep_early(struct rpc_calls *r, enum dir d, uint64_t ts, const json_t *v,
		       struct span text, bool cut)
{
	char *id = json_name_text(json_object_get(v, "id"));
	struct early *e;

	if (!id)
		return;
	if (r->nearly == EARLY_MAX)
		give_up_early(r);
	e = &r->early[r->nearly++];
	*e = (struct early){ .from = d, .id = id, .cut = cut, .ts_ns = ts };
	buf_init(&e->text, lim_of(r)->max[LIMIT_event]);
	if (limits_memory(lim_of(r)) + text.len <= lim_of(r)->max[LIMIT_memory])
		buf_add(&e->text, text);
	e->cut |= e->text.len < text.len;
	limits_memory_add(lim_of(r), e->text.len);
}

/* The call has just begun. */
static void take_early(struct rpc_calls *r, const struct open_call *c, uint64_t ts)
{
	struct assembly *k = c->k;
	size_t i = 0;
	bool partial;
	json_t *v;

	while (i < r->nearly &&
	       (r->early[i].from == c->asked || strcmp(r->early[i].id, c->id) != 0))
		i++;
	if (i == r->nearly)
		return;
	v = json_read(lim_of(r), buf_span(&r->early[i].text), &partial);
	answer(k, ts, v, buf_span(&r->early[i].text), r->early[i].cut);
	json_decref(v);
	drop_early(r, i);
}

void rpc_calls_free(struct rpc_calls *r)
{
	if (!r)
		return;
	while (r->nearly)
		give_up_early(r);
	while (r->nopen)
		assembly_end(r->open[0].k); /* which forgets it */
	free(r);
}

static void on_request(struct rpc_calls *r, enum dir d, uint64_t ts, const json_t *v,
		       struct span text, bool cut)
{
	const struct dialect *dialect = dialect_of(r, v);
	const json_t *params = json_object_get(v, "params");
	char *id = json_name_text(json_object_get(v, "id"));
	struct open_call *c;

	if (!dialect || !id) {
		free(id);
		return;
	}
	if (r->nopen == OPEN_MAX)
		assembly_end(r->open[0].k);
	c = &r->open[r->nopen];
	*c = (struct open_call){ .k = begin(r, d, ts, dialect), .asked = d, .id = id };
	r->nopen++;
	c->token = json_name_text(json_at2(params, "_meta", "progressToken"));
	c->session = json_name_text(json_object_get(params, "sessionId"));
	c->k->rpc_calls = r;
	deliver_opened(c->k);
	ask(c->k, ts, v, text, cut);
	take_early(r, c, ts);
}

static void on_response(struct rpc_calls *r, enum dir d, uint64_t ts, const json_t *v,
			struct span text, bool cut)
{
	struct open_call *c = call_of(r, d, json_object_get(v, "id"));

	if (c)
		answer(c->k, ts, v, text, cut);
	else
		keep_early(r, d, ts, v, text, cut);
}

/* The call under way that a notification tells about: of its progress, or what an agent says to a
 * prompt. */
static struct open_call *told_call(struct rpc_calls *r, enum dir d, const json_t *v)
{
	const json_t *params = json_object_get(v, "params");
	char *token = json_name_text(json_object_get(params, "progressToken"));
	char *session = json_is(v, "method", "session/update")
				? json_name_text(json_object_get(params, "sessionId"))
				: NULL;
	struct open_call *found = NULL;

	for (size_t i = r->nopen; i > 0 && !found; i--) {
		struct open_call *c = &r->open[i - 1];

		if (c->asked != d && (string_eq(c->token, token) ||
				      (string_eq(c->session, session) &&
				       string_eq(c->k->x->rpc_method, "session/prompt"))))
			found = c;
	}
	free(token);
	free(session);
	return found;
}

static void on_notification(struct rpc_calls *r, enum dir d, uint64_t ts, const json_t *v,
			    struct span text, bool cut)
{
	const struct dialect *dialect = dialect_of(r, v);
	struct open_call *c = told_call(r, d, v);
	struct assembly *k;

	if (c) {
		add_text(c->k, HTTP_RESPONSE, ts, text);
		c->k->x->response_partial |= cut;
		dialect_reader_event(c->k, span_of(NULL, 0), v);
		return;
	}
	if (!dialect)
		return;
	k = begin(r, d, ts, dialect);
	k->x->response_seen = true; /* there will be none */
	deliver_opened(k);
	ask(k, ts, v, text, cut);
	assembly_begin_side(k, HTTP_RESPONSE, ts, NULL);
	assembly_end_side(k, HTTP_RESPONSE, true);
	assembly_end(k);
}

static void on_object(struct rpc_calls *r, enum dir d, uint64_t ts, const json_t *v,
		      struct span text, bool cut)
{
	if (!r->met && json_has(v, "method")) {
		r->whole = json_is(v, "method", "initialize") ||
			   json_is(v, "method", "server/discover");
		r->met = true;
	}
	if (json_has(v, "method") && json_has(v, "id"))
		on_request(r, d, ts, v, text, cut);
	else if (json_has(v, "method"))
		on_notification(r, d, ts, v, text, cut);
	else if (json_has(v, "id"))
		on_response(r, d, ts, v, text, cut);
}

static void on_batch(struct rpc_calls *r, enum dir d, uint64_t ts, const json_t *v, bool cut)
{
	const json_t *item;
	size_t i;

	json_array_foreach(v, i, item) {
		char *text = json_is_object(item) ? json_write_text(item) : NULL;

		if (text)
			on_object(r, d, ts, item, span_str(text), cut);
		free(text);
	}
}

void rpc_calls_message(void *rpc_calls, enum dir d, uint64_t ts_ns, struct span text, bool cut)
{
	struct rpc_calls *r = rpc_calls;
	bool partial = false;
	json_t *v;

	text = span_trim(text);
	if (!text.len || (text.ptr[0] != '{' && text.ptr[0] != '['))
		return;
	v = json_read(lim_of(r), text, &partial);
	if (json_is_array(v))
		on_batch(r, d, ts_ns, v, cut || partial);
	else if (v)
		on_object(r, d, ts_ns, v, text, cut || partial);
	json_decref(v);
}
