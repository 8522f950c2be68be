/* SPDX-License-Identifier: MIT */
/* Gives the messages of a connection to the exchanges that they belong to, and frees these when
 * deliver.h is done with them. */
#include "assemble/assembly.h"

#include <stdlib.h>

#include "assemble/deliver.h"
#include "assemble/dialect_reader.h"
#include "assemble/heads.h"
#include "assemble/pair.h"
#include "assemble/relay.h"
#include "assemble/rounds.h"
#include "assemble/rpc_calls.h"
#include "assemble/sse_results.h"
#include "assemble/websocket_turns.h"
#include "base/xalloc.h"
#include "conversation/conversation.h"
#include "exchange/memory.h"
#include "http/ws_setup.h"
#include "llm/detect.h"
#include "llm/grpc.h"

struct assembler *assembler_new(struct limits *lim, const struct observers *observers)
{
	struct assembler *c = xcalloc(1, sizeof(*c));

	*c = (struct assembler){ .lim = lim,
				 .observers = observers,
				 .conversations = conversations_new(lim),
				 .rounds = rounds_new(),
				 .pairs = pairs_new() };
	list_init(&c->unpaired_clients);
	list_init(&c->told_clients);
	list_init(&c->unpaired_servers);
	list_init(&c->awaiting_client);
	list_init(&c->answering);
	for (size_t i = 0; i < OPEN_BUCKETS; i++)
		list_init(&c->open[i]);
	return c;
}

void assembler_free(struct assembler *c)
{
	conversations_free(c->conversations);
	rounds_free(c->rounds);
	pairs_free(c->pairs);
	free(c);
}

void assembler_set_observers(struct assembler *c, const struct observers *observers)
{
	c->observers = observers;
}

void assembler_set_wall_offset(struct assembler *c, int64_t ns)
{
	c->wall_offset = ns;
}

void assembler_set_prices(struct assembler *c, const struct prices *prices)
{
	c->prices = prices;
}

void assembler_set_named_hosts(struct assembler *c, const struct named_hosts *named)
{
	c->named = named;
}

void assembler_set_shows_bodies(struct assembler *c, shown_fn fn, const void *arg)
{
	c->shows_bodies = fn;
	c->shows_bodies_arg = arg;
}

void assembler_set_before_masks(struct assembler *c, const struct before_masks *b)
{
	c->before_masks = *b;
}

void assembler_lost_events(struct assembler *c)
{
	for (struct assembly *k = c->newest; k; k = k->older)
		k->x->lost_events |= !k->over;
}

void assembler_conn_lost(struct assembler_conn *cc)
{
	for (struct assembly *k = cc->first; k && !k->over; k = k->next)
		k->x->lost_events = true;
}

/* Of several that began at once, the first that has none: they are told in their order. */
void assembler_conn_key(struct assembler_conn *cc, uint64_t began_ns, struct span text)
{
	struct assembly *found = NULL;

	for (struct assembly *k = cc->first; k && !k->told; k = k->next)
		if (k->x->t.request_first == began_ns && !k->x->key.id[0])
			found = k;
	if (found)
		key_print_read(text, &found->x->key);
}

/* ---- lists ---- */

static struct list *open_bucket(struct assembler_conn *cc, uint64_t id)
{
	uint64_t key = (uintptr_t)cc / sizeof(*cc) + id * 0x9e3779b97f4a7c15;

	return &cc->assembler->open[(key ^ key >> 32) % OPEN_BUCKETS];
}

static void link_open(struct assembly *k)
{
	struct assembler_conn *cc = k->cc;

	k->prev = NULL;
	k->next = cc->first;
	*(cc->first ? &cc->first->prev : &cc->last) = k;
	cc->first = k;
	if (!cc->oldest_open)
		cc->oldest_open = k;
	list_add_first(open_bucket(cc, k->id), &k->by_id);
}

static void link_last(struct assembly *k)
{
	struct assembler_conn *cc = k->cc;

	k->next = NULL;
	k->prev = cc->last;
	*(cc->last ? &cc->last->next : &cc->first) = k;
	cc->last = k;
}

static void unlink_conn(struct assembly *k)
{
	struct assembler_conn *cc = k->cc;

	list_remove(&k->by_id);
	if (cc->oldest_open == k)
		cc->oldest_open = k->prev;
	*(k->prev ? &k->prev->next : &cc->first) = k->next;
	*(k->next ? &k->next->prev : &cc->last) = k->prev;
}

static void unlink_all(struct assembly *k)
{
	struct assembler *c = k->cc->assembler;

	unlink_conn(k);
	pairs_unregister(k);
	*(k->newer ? &k->newer->older : &c->newest) = k->older;
	*(k->older ? &k->older->newer : &c->oldest) = k->newer;
	c->count--;
}

static void conn_done(struct assembler_conn *cc)
{
	if (cc->endpoints.family)
		pairs_remove(cc);
	free(cc);
}

static void assembly_free(struct assembly *k)
{
	struct assembler_conn *cc = k->cc;

	exchange_charge(k->x, cc->assembler->lim,
			k->memory +
				(k->dropped[HTTP_REQUEST] ? 0 : body_kept(&k->x->request_body)) +
				(k->dropped[HTTP_RESPONSE] ? 0 : body_kept(&k->x->response_body)));
	relay_over(k);
	unlink_all(k);
	body_reader_done(&k->in[0]);
	body_reader_done(&k->in[1]);
	if (k->state && k->dialect->state_done)
		k->dialect->state_done(k->state);
	free(k->state);
	sse_results_forget(k);
	exchange_unref(k->x);
	free(k);
	if (cc->closed && !cc->first)
		conn_done(cc);
}

/* Frees what was delivered for the last time. */
static void free_done(struct assembler *c)
{
	while (c->done) {
		struct assembly *k = c->done;

		c->done = k->done_next;
		assembly_free(k);
	}
}

/* ---- connections ---- */

struct assembler_conn *assembler_conn_new(struct assembler *c, const struct conn *conn)
{
	struct assembler_conn *cc = xcalloc(1, sizeof(*cc));

	cc->assembler = c;
	cc->conn = conn;
	cc->cleartext = conn->cleartext;
	list_init(&cc->registered);
	assembler_conn_endpoints(cc);
	return cc;
}

/* Each change is expensive: all exchanges of the connection are matched anew. */
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
		if (!k->told)
			heads_set_endpoints(k->x, e);
	deliver_endpoints(cc);
	free_done(cc->assembler);
}

static void finish(struct assembly *k);

/* Makes room. The opener of a WebSocket whose message is being read has to stay. */
static void end_oldest(struct assembler *c)
{
	struct assembly *k = deliver_spare(c);

	if (k) {
		deliver_end_now(k);
		free_done(c);
		return;
	}
	k = c->oldest;
	limit_hit(c->lim, LIMIT_exchanges);
	while (k && k->busy)
		k = k->newer;
	if (!k)
		return;
	if (!k->over)
		finish(k);
	deliver_end_now(k);
	free_done(c);
}

/* ---- exchanges ---- */

/* ---- early data that was refused ---- */

static struct assembly *oldest_refused(const struct assembler_conn *cc)
{
	struct assembly *oldest = NULL;

	for (struct assembly *k = cc->first; k; k = k->next)
		if (k->refused && !k->done && (!oldest || k->x->serial < oldest->x->serial))
			oldest = k;
	return oldest;
}

/* by: what is asked instead; NULL: nothing was. */
static void end_refused(struct assembler_conn *cc, struct assembly *by)
{
	struct assembly *k = oldest_refused(cc);

	cc->refused = k != NULL;
	if (!k)
		return;
	k->refused = false;
	k->x->twin = by ? exchange_ref(by->x) : NULL;
	deliver_end_now(k);
}

void assembler_conn_refused(struct assembler_conn *cc, uint64_t ts_ns)
{
	struct assembly *k;

	while ((k = cc->oldest_open)) {
		builder_set_time(k->x, ts_ns);
		finish(k);
		pairs_unregister(k);
		k->refused = cc->refused = true;
	}
}

static void on_delta(void *arg, struct exchange *x, const struct exchange_delta *d)
{
	struct assembly *k = arg;

	if (x->stream && k->settled)
		deliver_delta(k, d);
}

static struct assembly *find_open(struct assembler_conn *cc, uint64_t id)
{
	list_each(at, open_bucket(cc, id))
	{
		struct assembly *k = container_of(at, struct assembly, by_id);

		if (k->cc == cc && k->id == id)
			return k;
	}
	return NULL;
}

struct assembly *assembly_of(struct assembler_conn *cc, uint64_t id)
{
	struct assembler *c = cc->assembler;
	struct assembly *k = find_open(cc, id);

	if (k)
		return k;
	if (c->count >= c->lim->max[LIMIT_exchanges])
		end_oldest(c);
	k = xcalloc(1, sizeof(*k));
	k->id = id;
	k->cc = cc;
	k->x = builder_new(++c->last_serial, c->lim->max[LIMIT_body], on_delta, k);
	builder_set_limits(k->x, c->lim);
	heads_set_connection(k->x, cc);
	link_open(k);
	k->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = k;
	c->newest = k;
	c->count++;
	if (cc->refused)
		end_refused(cc, k);
	return k;
}

/* ---- the end ---- */

void assembly_end_side(struct assembly *k, enum http_msg m, bool complete)
{
	struct exchange *x = k->x;

	if (!k->begun[m] || k->ended[m])
		return;
	k->ended[m] = true;
	*(m == HTTP_REQUEST ? &x->t.request_last : &x->t.response_last) = builder_time(x);
	if (m == HTTP_REQUEST) {
		body_reader_end(&k->in[m], complete, false);
		dialect_reader_settle(k);
		return;
	}
	x->response_partial |= body_reader_end_elements(&k->in[m]) > 0;
	body_reader_end(&k->in[m], complete, k->stream_ended && !x->response_partial);
}

/* It may be known only since it began on which socket the connection is, and what was asked there.
 */
static void know_later(struct exchange *x, const struct conn *conn)
{
	if (!x->server_name)
		set_string(&x->server_name, span_str(conn->host));
	heads_set_late_process(x, conn);
}

static void finish(struct assembly *k)
{
	struct exchange *x = k->x;

	ws_turns_free(k->ws_turns);
	k->ws_turns = NULL;
	if (k->turn_of)
		ws_turns_forget(k->turn_of, k);
	k->turn_of = NULL;
	if (k->rpc_calls)
		rpc_calls_forget(k->rpc_calls, k);
	assembly_end_side(k, HTTP_REQUEST, false);
	assembly_end_side(k, HTTP_RESPONSE, false);
	dialect_reader_answer(k);
	answer_end(x);
	if (k->cc->conn)
		know_later(x, k->cc->conn);
	if (x->kind == EXCHANGE_RPC)
		detect_rpc_messages(x, HTTP_RESPONSE);
	k->over = true;
	relay_over(k);
	unlink_conn(k);
	link_last(k);
}

void assembly_end(struct assembly *k)
{
	struct assembler *c = k->cc->assembler;

	finish(k);
	deliver_end(k);
	free_done(c);
}

void assembler_conn_free(struct assembler_conn *cc)
{
	struct assembly *k;

	if (!cc)
		return;
	/* In the order in which they began. */
	while ((k = cc->oldest_open))
		assembly_end(k);
	while (cc->refused)
		end_refused(cc, NULL);
	free_done(cc->assembler);
	cc->saw_all = pairs_saw_all(cc);
	cc->closed = true;
	cc->conn = NULL;
	if (!cc->first)
		conn_done(cc);
}

void assembler_tick(struct assembler *c, uint64_t now_ns)
{
	deliver_tick(c, now_ns);
	free_done(c);
}

void assembler_finish(struct assembler *c)
{
	deliver_finish(c);
	free_done(c);
	while (c->oldest) {
		deliver_end_now(c->oldest);
		free_done(c);
	}
}

struct start assembler_start(const struct exchange *x)
{
	return (struct start){ x->t.request_first ? x->t.request_first : x->t.response_first,
			       x->serial };
}

size_t assembler_count(const struct assembler *c)
{
	return c->count;
}

struct start assembler_earliest(const struct assembler *c)
{
	struct start first = { UINT64_MAX, 0 };

	for (const struct assembly *k = c->oldest; k; k = k->newer) {
		struct start s = assembler_start(k->x);

		if (!k->told && deliver_is_something(k->x) && s.ns < first.ns)
			first = s;
	}
	return first;
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
			  request ? NULL : dialect_reader_element, k);
	k->in[m].array_streams = k->dialect && k->dialect->array_stream;
	if (!request && grpc_is(&x->response_body) && grpc_streams(x))
		body_reader_frame(&k->in[m], &framing_grpc);
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
		heads_copy_request(k->x, h);
		heads_name_provider(k->x, cc->assembler->named);
		if (cc->assembler->before_masks.secret)
			key_print_take(&k->x->key, cc->assembler->before_masks.secret, h);
		k->stream = h->stream;
		deliver_match(k);
		free_done(cc->assembler); /* others than this one, which has just begun */
		if (!k->x->is_server)
			deliver_opened(k);
		return;
	}
	heads_copy_response(k->x, h);
	heads_answered_by(k->x, cc);
	deliver_response(k);
	k->upgraded = h->status == 101 && ws_is_named(h);
}

static void on_trailer(void *arg, uint64_t id, uint64_t ts_ns, const struct http_head *h)
{
	struct assembly *k = find_open(arg, id);

	if (!k)
		return;
	builder_set_time(k->x, ts_ns);
	heads_copy_trailer(k->x, h);
}

static void on_body(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, struct span s)
{
	struct assembly *k = assembly_of(arg, id);

	builder_set_time(k->x, ts_ns);
	if (!k->begun[m])
		assembly_begin_side(k, m, ts_ns, NULL);
	body_reader_bytes(&k->in[m], ts_ns, s);
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
	if (!k->ended[HTTP_RESPONSE] || (!k->ended[HTTP_REQUEST] && k->begun[HTTP_REQUEST]))
		return;
	k->sse_waits = sse_results_awaits(k);
	if (!k->sse_waits)
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

static void on_lost(void *arg, uint64_t id, enum http_msg from)
{
	struct assembly *k = find_open(arg, id);

	if (k && k->ws_turns)
		ws_turns_unread(k->ws_turns, from);
}

/* Before its first message, what was joined in the middle may be none; then there is no exchange.
 * What follows was held back for what is missing, so it may be of any call under way. */
static void on_hole(void *arg, uint64_t id, enum http_msg from, uint64_t ts_ns, uint64_t nbytes)
{
	struct assembly *k = find_open(arg, id);

	if (!k || !k->begun[from])
		return;
	builder_set_time(k->x, ts_ns);
	body_reader_gap(&k->in[from], nbytes);
	k->in[from].torn = false; /* messages behind it are whole */
	on_lost(arg, id, from);
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
	.hole = on_hole,
	.lost = on_lost,
	.closed = on_closed,
	.role = on_role,
	.trailer = on_trailer,
};
