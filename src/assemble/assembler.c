/* SPDX-License-Identifier: MIT */
/* A call is one exchange being put together. Its request is settled (recognised, read by its
 * dialect, told) when the request's body has ended, at the latest when the exchange ends. A
 * streamed answer goes to the dialect element by element as it comes, any other when it ended. */
#include "assemble/assembly.h"

#include <errno.h>
#include <stdlib.h>

#include "assemble/deliver.h"
#include "assemble/pair.h"
#include "assemble/websocket_turns.h"
#include "base/xalloc.h"
#include "conversation/conversation.h"
#include "exchange/memory.h"
#include "http/ws_setup.h"
#include "llm/detect.h"
#include "llm/json_read.h"
#include "redact/credential.h"

/* So many elements of a stream that nobody asked for are looked at before giving up. */
#define GUESSES 8

struct assembler *assembler_new(struct limits *lim, const struct observers *observers)
{
	struct assembler *c = xcalloc(1, sizeof(*c));

	*c = (struct assembler){ .lim = lim,
				 .observers = observers,
				 .conversations = conversations_new(lim),
				 .pairs = pairs_new() };
	return c;
}

void assembler_free(struct assembler *c)
{
	conversations_free(c->conversations);
	pairs_free(c->pairs);
	free(c);
}

void assembler_set_wall_offset(struct assembler *c, int64_t ns)
{
	c->wall_offset = ns;
}

void assembler_set_prices(struct assembler *c, const struct prices *prices)
{
	c->prices = prices;
}

void assembler_lost_events(struct assembler *c)
{
	for (struct assembly *k = c->newest; k; k = k->older)
		k->x->lost_events |= !k->over;
}

struct assembler_conn *assembler_conn_new(struct assembler *c, const struct conn *conn)
{
	struct assembler_conn *cc = xcalloc(1, sizeof(*cc));

	cc->assembler = c;
	cc->conn = conn;
	cc->cleartext = conn->cleartext;
	assembler_conn_endpoints(cc);
	return cc;
}

/* ---- beginning ---- */

static void on_delta(void *arg, struct exchange *x, const struct exchange_delta *d)
{
	struct assembly *k = arg;

	if (x->stream && k->settled)
		deliver_delta(k, d);
}

static void describe_endpoints(struct exchange *x, const struct endpoints *e)
{
	char text[ENDPOINT_TEXT];

	if (!e->family)
		return;
	endpoint_text(e->family, &e->local, text);
	set_string(&x->local, span_str(text));
	endpoint_text(e->family, &e->peer, text);
	set_string(&x->peer, span_str(text));
}

static void describe(struct exchange *x, const struct assembler_conn *cc)
{
	const struct conn *conn = cc->conn;
	const struct proc *p = conn->proc;

	x->wall_offset = cc->assembler->wall_offset;
	x->tgid = conn->id.tgid;
	x->conn_object = conn->id.object;
	x->conn_first_seen_ns = conn->id.first_seen_ns;
	x->tid = conn->tid;
	x->from_middle = !conn->from_start;
	x->cleartext = cc->cleartext;
	describe_endpoints(x, &cc->endpoints);
	x->is_server = cc->is_server;
	x->protocol = "http/1.1";
	set_string(&x->comm, span_str(conn->comm));
	set_string(&x->server_name, span_str(conn->host));
	set_string(&x->host, span_str(conn->host));
	if (!p)
		return;
	x->uid = p->uid;
	x->cgroup = p->cgroup;
	set_string(&x->process, span_str(p->name));
	set_string(&x->exe, span_str(p->exe));
	set_string(&x->cmdline, span_str(p->cmdline));
}

/* Each change is dear: all calls of the connection are looked at anew. */
static bool may_change(struct assembler_conn *cc)
{
	struct limits *lim = cc->assembler->lim;

	if (cc->endpoints_changes++ < lim->max[LIMIT_endpoints])
		return true;
	limit_hit(lim, LIMIT_endpoints);
	return false;
}

void assembler_conn_endpoints(struct assembler_conn *cc)
{
	const struct endpoints *e = &cc->conn->endpoints;

	if (!e->family || memcmp(&cc->endpoints, e, sizeof(*e)) == 0)
		return;
	if (cc->endpoints.family && !may_change(cc))
		return;
	if (cc->endpoints.family)
		pairs_remove(cc);
	cc->endpoints = *e;
	cc->assembler->knows_endpoints = true;
	pairs_add(cc->assembler->pairs, cc);
	for (struct assembly *k = cc->first; k; k = k->next)
		describe_endpoints(k->x, e);
	deliver_endpoints(cc);
}

static void finish(struct assembly *k);

/* Makes room. The opener of a WebSocket whose message is being read has to stay. */
static void end_oldest(struct assembler *c)
{
	struct assembly *k = c->oldest;

	if (c->unpaired.first && c->unpaired.first->over) {
		deliver_end_now(c->unpaired.first); /* nothing is lost with it */
		return;
	}
	limit_hit(c->lim, LIMIT_exchanges);
	while (k && k->busy)
		k = k->newer;
	if (!k)
		return;
	if (!k->over)
		finish(k);
	deliver_end_now(k);
}

/* ---- the calls of a connection ---- */

static void link_first(struct assembly *k)
{
	struct assembler_conn *cc = k->cc;

	k->prev = NULL;
	k->next = cc->first;
	*(cc->first ? &cc->first->prev : &cc->last) = k;
	cc->first = k;
}

static void link_last(struct assembly *k)
{
	struct assembler_conn *cc = k->cc;

	k->next = NULL;
	k->prev = cc->last;
	*(cc->last ? &cc->last->next : &cc->first) = k;
	cc->last = k;
}

static void unlink_call(struct assembly *k)
{
	struct assembler_conn *cc = k->cc;

	*(k->prev ? &k->prev->next : &cc->first) = k->next;
	*(k->next ? &k->next->prev : &cc->last) = k->prev;
}

struct assembly *assembly_of(struct assembler_conn *cc, uint64_t id)
{
	struct assembler *c = cc->assembler;
	struct assembly *k = cc->first;

	while (k && !k->over && k->id != id)
		k = k->next;
	if (k && !k->over)
		return k;
	if (c->count >= c->lim->max[LIMIT_exchanges])
		end_oldest(c);
	k = xcalloc(1, sizeof(*k));
	k->id = id;
	k->cc = cc;
	k->x = builder_new(++c->last_id, c->lim->max[LIMIT_body], on_delta, k);
	builder_set_limits(k->x, c->lim);
	describe(k->x, cc);
	link_first(k);
	k->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = k;
	c->newest = k;
	c->count++;
	return k;
}

/* ---- heads: where secrets are masked ---- */

static void copy_headers(struct headers *to, const struct http_head *h)
{
	to->cut = h->cut;
	for (size_t i = 0; i < h->nfields; i++) {
		const struct http_field *f = &h->fields[i];
		struct header *item;

		to->items = xgrow(to->items, to->count, sizeof(*to->items));
		item = &to->items[to->count++];
		item->name = xstrndup((const char *)f->name.ptr, f->name.len);
		if (credential_header(f->name)) {
			struct buf masked;

			buf_init(&masked, 64 << 10);
			credential_mask_value(f->name, f->value, &masked);
			item->value = buf_take(&masked);
		} else {
			item->value = xstrndup((const char *)f->value.ptr, f->value.len);
		}
	}
}

/* 0 for what is none. */
static unsigned port_of(struct span digits)
{
	unsigned port = 0;

	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9' || digits.len > 5)
			return 0;
		port = port * 10 + (digits.ptr[i] - '0');
	}
	return port;
}

static void copy_request(struct exchange *x, const struct http_head *h)
{
	struct buf target;
	size_t colon = span_find(h->authority, ':');

	x->request_seen = true;
	set_string(&x->method, h->method);
	buf_init(&target, 1 << 20);
	credential_mask_target(h->target, &target);
	free(x->target);
	x->target = buf_take(&target);
	/* "[::1]:443" keeps its brackets. */
	if (h->authority.len && h->authority.ptr[0] == '[')
		colon = span_find(h->authority, ']') + 1;
	set_string(&x->host, span_first(h->authority, colon));
	x->port = port_of(span_from(h->authority, colon + 1));
	copy_headers(&x->request_headers, h);
}

static void copy_response(struct exchange *x, const struct http_head *h)
{
	static const char *const ids[] = { "x-request-id",     "request-id",
					   "apim-request-id",  "x-amzn-requestid",
					   "x-generation-id",  "mistral-correlation-id",
					   "x-debug-trace-id", "x-ds-trace-id",
					   "inference-id",     "x-litellm-call-id" };

	x->response_seen = true;
	x->status = h->status;
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids) && !x->request_id; i++)
		set_string(&x->request_id, http_field_find(h, ids[i]));
	copy_headers(&x->response_headers, h);
}

/* ---- memory ---- */

/* At least so many bytes of an answer come before its record is counted again. */
#define MEASURE_STEP (1 << 20)

/* Counts what the record takes. Rarely enough, as an answer comes, that all of it costs no more
 * than a few looks at what is kept. */
static void count_memory(struct assembly *k)
{
	struct limits *lim = k->cc->assembler->lim;
	size_t now = exchange_memory(k->x), step = now / 8;

	limits_memory_add(lim, now - k->memory);
	k->memory = now;
	k->measure_at = k->x->response_body.decoded + (step > MEASURE_STEP ? step : MEASURE_STEP);
}

/* ---- the request ---- */

static void name_model(struct exchange *x)
{
	struct buf name;

	if (x->model_asked || !x->target)
		return;
	buf_init(&name,
		 2048); /* the longest that Bedrock takes, of whose ids ARNs are the longest */
	if (model_of_path(span_str(x->target), &name))
		set_string(&x->model_asked, buf_span(&name));
	buf_done(&name);
}

static void read_request(struct assembly *k, const json_t *body)
{
	if (body) {
		k->dialect->request(k->x, body);
		k->x->request_parsed = true;
	}
	name_model(k->x);
	count_memory(k);
}

void assembly_set_dialect(struct assembly *k, const struct dialect *d)
{
	k->dialect = d;
	k->in[HTTP_RESPONSE].array_streams = d && d->array_stream;
	detect_as(k->x, d);
}

void assembly_request(struct assembly *k, const json_t *body)
{
	read_request(k, body);
	deliver_request(k);
}

static void settle(struct assembly *k)
{
	struct exchange *x = k->x;
	const struct dialect *d;
	json_t *body;

	if (k->settled || !x->request_seen)
		return;
	body = detect_body(&x->request_body, k->cc->assembler->lim, &x->request_partial);
	d = detect_request(x, body, &k->candidate);
	x->request_partial |= d && !body && detect_json(&x->request_body);
	if (d) {
		assembly_set_dialect(k, d);
		read_request(k, body);
	} else if (detect_rpc(x)) {
		detect_rpc_messages(x, HTTP_REQUEST);
	} else {
		detect_provider(x);
	}
	json_decref(body);
	k->settled = true;
	deliver_request(k);
}

/* ---- the answer ---- */

/* The answer tells what the request did not, or that it was taken for something else: some serve
 * more than one dialect at a path. */
static void try_answer(struct assembly *k, const json_t *v)
{
	const struct dialect *d = k->dialect;
	struct body *request = &k->x->request_body;
	bool partial;
	json_t *body;

	if (k->proved || (d && (d->shares_bodies || !d->proves_response)))
		return;
	k->proved = k->dialect;
	if (d && d->proves_response(v))
		return;
	d = detect_answer(k->x, k->candidate, v);
	if (!d)
		return;
	k->proved = true;
	if (k->dialect) {
		/* What was read of the request stays. */
		assembly_set_dialect(k, d);
		return;
	}
	assembly_set_dialect(k, d);
	if (!k->settled)
		return;
	body = detect_body(request, k->cc->assembler->lim, &partial);
	k->x->request_partial |= partial || (!body && detect_json(request));
	read_request(k, body);
	json_decref(body);
	if (k->delivered)
		conversations_request(k->cc->assembler->conversations, k->x);
}

void assembly_event(struct assembly *k, struct span name, const json_t *v)
{
	if (!k->state && k->dialect->state_size)
		k->state = xcalloc(1, k->dialect->state_size);
	k->x->stream = true;
	k->x->stream_events++;
	k->dialect->event(k->x, k->state, name, v);
	if (k->x->response_body.decoded >= k->measure_at)
		count_memory(k);
}

static void on_element(void *arg, struct span name, struct span data, bool cut)
{
	struct assembly *k = arg;
	json_t *v;
	bool partial;

	k->said_all = span_eq(data, SPAN_LIT("[DONE]"));
	if (!data.len || data.ptr[0] != '{') /* that and the like */
		return;
	if (!k->dialect && k->guesses >= GUESSES)
		return;
	/* Of one that is cut or broken, the beginning may still tell something. */
	v = json_read(k->cc->assembler->lim, data, true, &partial);
	k->x->response_partial |= cut || partial || !v;
	if (v && !k->dialect)
		k->guesses++;
	if (v)
		try_answer(k, v);
	if (v && k->dialect) {
		assembly_event(k, name, v);
		k->said_all = !partial && k->dialect->is_last && k->dialect->is_last(v);
	}
	json_decref(v);
}

static void read_answer(struct assembly *k)
{
	struct exchange *x = k->x;
	json_t *body;
	bool partial;

	if (x->stream || !k->begun[HTTP_RESPONSE])
		return;
	body = detect_body(&x->response_body, k->cc->assembler->lim, &partial);
	if (body)
		try_answer(k, body);
	x->response_partial |= partial;
	if (body && k->dialect)
		k->dialect->response(x, body);
	else if (k->dialect)
		x->response_partial |= detect_json(&x->response_body);
	json_decref(body);
	count_memory(k);
}

/* ---- the end ---- */

static void forget_call(struct assembly *k)
{
	struct assembler *c = k->cc->assembler;

	unlink_call(k);
	pairs_unregister(k);
	*(k->newer ? &k->newer->older : &c->newest) = k->older;
	*(k->older ? &k->older->newer : &c->oldest) = k->newer;
	c->count--;
}

void assembly_end_side(struct assembly *k, enum http_msg m, bool complete)
{
	struct exchange *x = k->x;

	if (!k->begun[m] || k->ended[m])
		return;
	k->ended[m] = true;
	*(m == HTTP_REQUEST ? &x->t.request_last : &x->t.response_last) = builder_time(x);
	if (m == HTTP_REQUEST) {
		body_reader_end(&k->in[m], complete, false);
		settle(k);
		return;
	}
	x->response_partial |= body_reader_end_elements(&k->in[m]) > 0;
	body_reader_end(&k->in[m], complete, k->said_all && !x->response_partial);
}

static void finish(struct assembly *k)
{
	struct exchange *x = k->x;

	ws_turns_free(k->ws_turns);
	k->ws_turns = NULL;
	if (k->turn_of)
		ws_turns_forget(k->turn_of);
	k->turn_of = NULL;
	assembly_end_side(k, HTTP_REQUEST, false);
	assembly_end_side(k, HTTP_RESPONSE, false);
	read_answer(k);
	answer_end(x);
	if (x->kind == EXCHANGE_RPC)
		detect_rpc_messages(x, HTTP_RESPONSE);
	k->over = true;
	unlink_call(k);
	link_last(k);
}

void assembly_end(struct assembly *k)
{
	finish(k);
	deliver_end(k);
}

static void conn_done(struct assembler_conn *cc)
{
	if (cc->endpoints.family)
		pairs_remove(cc);
	free(cc);
}

void assembly_free(struct assembly *k)
{
	struct assembler_conn *cc = k->cc;

	exchange_charge(k->x, cc->assembler->lim,
			k->memory + body_kept(&k->x->request_body) +
				body_kept(&k->x->response_body));
	forget_call(k);
	body_reader_done(&k->in[0]);
	body_reader_done(&k->in[1]);
	if (k->state && k->dialect->state_done)
		k->dialect->state_done(k->state);
	free(k->state);
	exchange_unref(k->x);
	free(k);
	if (cc->closed && !cc->first)
		conn_done(cc);
}

static struct assembly *oldest_open(const struct assembler_conn *cc)
{
	struct assembly *oldest = NULL;

	for (struct assembly *k = cc->first; k && !k->over; k = k->next)
		oldest = k;
	return oldest;
}

void assembler_conn_free(struct assembler_conn *cc)
{
	struct assembly *k;

	if (!cc)
		return;
	/* In the order in which they began. */
	while ((k = oldest_open(cc)))
		assembly_end(k);
	cc->saw_all = pairs_saw_all(cc);
	cc->closed = true;
	cc->conn = NULL;
	if (!cc->first)
		conn_done(cc);
}

void assembler_tick(struct assembler *c, uint64_t now_ns)
{
	deliver_tick(c, now_ns);
}

void assembler_finish(struct assembler *c)
{
	while (c->oldest)
		deliver_end_now(c->oldest);
}

/* ---- http's callbacks ---- */

void assembly_begin_side(struct assembly *k, enum http_msg m, uint64_t ts,
			 const struct http_head *h)
{
	struct exchange *x = k->x;
	struct assembler *c = k->cc->assembler;
	bool request = m == HTTP_REQUEST;

	k->begun[m] = true;
	*(request ? &x->t.request_first : &x->t.response_first) = ts;
	body_reader_begin(&k->in[m], request ? &x->request_body : &x->response_body, h, c->lim,
			  request ? NULL : on_element, k);
	k->in[m].array_streams = k->dialect && k->dialect->array_stream;
}

static void on_head(void *arg, uint64_t id, uint64_t ts_ns, const struct http_head *h)
{
	struct assembler_conn *cc = arg;
	struct assembly *k = assembly_of(cc, id);

	builder_set_time(k->x, ts_ns);
	if (h->version == HTTP_2)
		k->x->protocol = "http/2";
	assembly_begin_side(k, h->msg, ts_ns, h);
	if (h->msg == HTTP_REQUEST) {
		copy_request(k->x, h);
		k->stream = h->stream;
		deliver_match(k);
		if (!k->x->is_server)
			deliver_opened(k);
		return;
	}
	copy_response(k->x, h);
	deliver_response(k);
	k->upgraded = h->status == 101 && ws_is_named(h);
}

static void on_body(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, struct span s)
{
	struct assembly *k = assembly_of(arg, id);

	builder_set_time(k->x, ts_ns);
	if (!k->begun[m])
		assembly_begin_side(k, m, ts_ns, NULL);
	body_reader_bytes(&k->in[m], s);
}

static void on_gap(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, uint64_t nbytes)
{
	struct assembly *k = assembly_of(arg, id);

	builder_set_time(k->x, ts_ns);
	if (!k->begun[m])
		assembly_begin_side(k, m, ts_ns, NULL);
	body_reader_gap(&k->in[m], nbytes);
}

static void on_end(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, enum http_end why)
{
	struct assembly *k = assembly_of(arg, id);

	builder_set_time(k->x, ts_ns);
	if (k->upgraded)
		return;		     /* it lasts as long as the WebSocket */
	k->ended[m] |= !k->begun[m]; /* an answer that will not come */
	assembly_end_side(k, m, why == HTTP_END_COMPLETE || why == HTTP_END_CLOSED);
	if (k->ended[HTTP_RESPONSE] && (k->ended[HTTP_REQUEST] || !k->begun[HTTP_REQUEST]))
		assembly_end(k);
}

static void on_message(void *arg, uint64_t id, enum http_msg from, uint64_t ts_ns, struct span text,
		       bool cut)
{
	struct assembly *k = assembly_of(arg, id);

	for (int m = 0; m < 2; m++)
		if (!k->begun[m])
			assembly_begin_side(k, (enum http_msg)m, ts_ns, NULL);
	k->upgraded = true;
	if (!k->ws_turns)
		k->ws_turns = ws_turns_new(k);
	k->busy = true;
	ws_turns_message(k->ws_turns, from, ts_ns, text, cut);
	k->busy = false;
}

static void on_closed(void *arg, uint64_t id, uint64_t ts_ns)
{
	struct assembly *k = assembly_of(arg, id);

	builder_set_time(k->x, ts_ns);
	ws_turns_free(k->ws_turns);
	k->ws_turns = NULL;
	assembly_end_side(k, HTTP_REQUEST, true);
	assembly_end_side(k, HTTP_RESPONSE, true);
	assembly_end(k);
}

static void on_role(void *arg, bool is_server)
{
	((struct assembler_conn *)arg)->is_server = is_server;
}

const struct http_out assembler_http_out = {
	.head = on_head,
	.body = on_body,
	.gap = on_gap,
	.end = on_end,
	.message = on_message,
	.closed = on_closed,
	.role = on_role,
};
