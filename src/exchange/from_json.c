/* SPDX-License-Identifier: MIT */
/* Any JSON may come in: a type is checked before a value is used, and nothing is read past what
 * jansson measured. A member of a wrong type refuses the whole record, because a record that is
 * half right cannot be told from one that is right. */
#include "exchange/json.h"

#include <errno.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "base/xalloc.h"
#include "exchange/alerts.h"
#include "exchange/json_member.h"

/* jansson reads and writes by recursion; its own limit for texts is the same. */
#define DEPTH_MAX 2048

/* ---- enums by name ---- */

/* Names of any enum, by its number. */
#define WORD(name, of)                                                                             \
	static const char *name(unsigned v)                                                        \
	{                                                                                          \
		return of(v);                                                                      \
	}
WORD(kind_word, exchange_kind_name)
WORD(part_word, part_kind_name)
WORD(finish_word, finish_name)
WORD(state_word, body_state_name)
WORD(break_word, conversation_break_name)
WORD(source_word, cost_source_name)
#undef WORD

static json_t *any_of(const json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);

	return json_is_null(v) ? NULL : json_incref(v);
}

/* ---- the record's parts ---- */

static void read_headers(struct reader *r, const json_t *http, const char *key, struct headers *h)
{
	const json_t *list = member_of(r, http, key, JSON_ARRAY), *pair;
	size_t i;

	json_array_foreach((json_t *)list, i, pair) {
		const char *name = json_string_value(json_array_get(pair, 0));
		const char *value = json_string_value(json_array_get(pair, 1));

		if (!name || !value || json_array_size(pair) != 2) {
			member_refuse(r, key);
			continue;
		}
		h->items = xgrow(h->items, h->count, sizeof(*h->items));
		h->items[h->count++] =
			(struct header){ .name = xstrdup(name), .value = xstrdup(value) };
	}
}

static void read_gaps(struct reader *r, const json_t *o, struct body *b)
{
	const json_t *list = member_objects(r, o, "gaps"), *g;
	size_t i;

	b->ngaps = member_number(r, o, "gap_count");
	json_array_foreach((json_t *)list, i, g) {
		if (i < GAPS_KEPT)
			b->gaps[i] = (struct body_gap){ .off = member_number(r, g, "offset"),
							.len = member_number(r, g, "bytes") };
	}
	if (i != (b->ngaps < GAPS_KEPT ? b->ngaps : GAPS_KEPT))
		member_refuse(r, "gaps");
}

/* Pairs of lines and ns, both of which rise. Until the times are read, they count from 0. */
static void read_arrivals(struct reader *r, const json_t *o, struct arrival *a)
{
	const json_t *list = member_of(r, o, "arrivals", JSON_ARRAY), *pair;
	struct arrival_mark last = { 0 };
	size_t i;

	json_array_foreach((json_t *)list, i, pair) {
		const json_t *lines = json_array_get(pair, 0), *ns = json_array_get(pair, 1);
		struct arrival_mark m = { .lines = (uint64_t)json_integer_value(lines),
					  .ns = (uint64_t)json_integer_value(ns) };

		if (json_array_size(pair) != 2 || !json_is_integer(lines) || !json_is_integer(ns) ||
		    m.lines <= last.lines || m.lines > INT64_MAX || m.ns < last.ns ||
		    m.ns > INT64_MAX) {
			member_refuse(r, "arrivals");
			return;
		}
		a->marks = xgrow(a->marks, a->count, sizeof(*a->marks));
		a->marks[a->count++] = last = m;
		a->lines = m.lines;
	}
}

static void place_arrivals(struct arrival *a, uint64_t zero)
{
	for (size_t i = 0; i < a->count; i++)
		a->marks[i].ns += zero;
}

static void read_body(struct reader *r, const json_t *of, struct body *b)
{
	const json_t *o = member_of(r, of, "body", JSON_OBJECT);

	if (!o)
		return;
	b->state = member_word(r, o, "state", state_word, BODY_CUT);
	b->expected = member_count(r, o, "expected");
	b->wire = member_number(r, o, "captured");
	b->missing = member_number(r, o, "missing");
	read_gaps(r, o, b);
	b->decoded = member_number(r, o, "decoded");
	b->kept = member_count(r, o, "kept");
	b->media_type = member_string(r, o, "media_type");
	b->coding = member_string(r, o, "coding");
	b->coding_error = member_label(r, o, "coding_error");
	member_digits(r, o, "wire_sha256", b->wire_sha256, sizeof(b->wire_sha256));
	member_digits(r, o, "sha256", b->sha256, sizeof(b->sha256));
	member_text(r, o, "text", &b->text);
	b->text.full = member_flag(r, o, "cut");
	b->binary = member_flag(r, o, "binary");
	read_arrivals(r, o, &b->arrival);
}

static void read_part(struct reader *r, const json_t *o, struct part *p)
{
	p->kind = member_word(r, o, "kind", part_word, PART_OTHER);
	p->type_raw = member_string(r, o, "type");
	p->id = member_string(r, o, "id");
	p->name = member_string(r, o, "name");
	p->media_type = member_string(r, o, "media_type");
	p->size = member_number(r, o, "bytes");
	member_digits(r, o, "sha256", p->sha256, sizeof(p->sha256));
	p->is_error = member_flag(r, o, "is_error");
	member_text(r, o, "text", &p->text);
	p->text.full = member_flag(r, o, "cut");
	p->slot = NO_SLOT;
}

static void read_message(struct reader *r, const json_t *o, struct message *m)
{
	const json_t *list = member_objects(r, o, "parts"), *part;
	size_t i;

	m->role = member_string(r, o, "role");
	m->name = member_string(r, o, "name");
	json_array_foreach((json_t *)list, i, part) {
		m->parts = xgrow(m->parts, m->nparts, sizeof(*m->parts));
		read_part(r, part, &m->parts[m->nparts++]);
	}
}

static void read_tools(struct reader *r, const json_t *request)
{
	const json_t *list = member_objects(r, request, "tools"), *o;
	struct exchange *x = r->x;
	size_t i;

	json_array_foreach((json_t *)list, i, o) {
		x->tools = xgrow(x->tools, x->ntools, sizeof(*x->tools));
		x->tools[x->ntools++] = (struct tool){
			.name = member_string(r, o, "name"),
			.type = member_string(r, o, "type"),
			.description = member_string(r, o, "description"),
			.schema = any_of(o, "schema"),
		};
	}
}

static void read_params(struct reader *r, const json_t *request)
{
	const json_t *params = member_of(r, request, "params", JSON_OBJECT);
	struct exchange *x = r->x;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)params, key, value) {
		x->params = xgrow(x->params, x->nparams, sizeof(*x->params));
		x->params[x->nparams++] =
			(struct param){ .name = xstrdup(key), .value = json_incref(value) };
	}
}

static void read_key(struct reader *r, const json_t *o)
{
	member_digits(r, o, "id", r->x->key.id, sizeof(r->x->key.id));
	r->x->key.hint = member_label(r, o, "hint");
}

static void read_alerts(struct reader *r, const json_t *v)
{
	const json_t *list = member_objects(r, v, "alerts"), *o;
	size_t i;

	json_array_foreach((json_t *)list, i, o) {
		const json_t *rule = member_of(r, o, "rule", JSON_STRING);
		const json_t *where = member_of(r, o, "where", JSON_STRING);

		alerts_add(&r->x->alerts, rule ? json_string_value(rule) : "",
			   json_string_value(where));
	}
}

void json_to_alerts(const json_t *v, struct alerts *ret)
{
	const json_t *o;
	size_t i;

	json_array_foreach((json_t *)v, i, o) {
		const char *rule = json_string_value(json_object_get(o, "rule"));

		if (rule)
			alerts_add(ret, rule, json_string_value(json_object_get(o, "where")));
	}
}

static void read_request(struct reader *r, const json_t *o)
{
	const json_t *list = member_objects(r, o, "messages"), *message;
	struct exchange *x = r->x;
	size_t i;

	x->request_seen = member_flag(r, o, "seen");
	read_body(r, o, &x->request_body);
	x->request_parsed = member_flag(r, o, "parsed");
	x->request_partial = member_flag(r, o, "partial");
	read_key(r, member_of(r, o, "key", JSON_OBJECT));
	x->model_asked = member_string(r, o, "model");
	x->stream_requested = member_flag(r, o, "stream");
	message = member_of(r, o, "system", JSON_OBJECT);
	if (message)
		read_message(r, message, &x->system);
	json_array_foreach((json_t *)list, i, message) {
		x->messages = xgrow(x->messages, x->nmessages, sizeof(*x->messages));
		read_message(r, message, &x->messages[x->nmessages++]);
	}
	read_tools(r, o);
	read_params(r, o);
}

static void read_citations(struct reader *r, const json_t *o)
{
	const json_t *citations = member_objects(r, o, "citations"), *citation;
	const json_t *searches = member_of(r, o, "searches", JSON_ARRAY), *query;
	struct exchange *x = r->x;
	size_t i;

	json_array_foreach((json_t *)citations, i, citation) {
		x->citations = xgrow(x->citations, x->ncitations, sizeof(*x->citations));
		x->citations[x->ncitations++] = (struct citation){
			.url = member_string(r, citation, "url"),
			.title = member_string(r, citation, "title"),
			.text = member_string(r, citation, "text"),
			.document = member_string(r, citation, "document"),
			.start = member_tokens(r, citation, "start"),
			.end = member_tokens(r, citation, "end"),
		};
	}
	json_array_foreach((json_t *)searches, i, query) {
		x->searches = xgrow(x->searches, x->nsearches, sizeof(*x->searches));
		x->searches[x->nsearches++] =
			xstrndup(json_is_string(query) ? json_string_value(query) : "",
				 json_string_length(query));
	}
}

static void read_response(struct reader *r, const json_t *o)
{
	const json_t *list = member_objects(r, o, "choices"), *choice;
	struct exchange *x = r->x;
	size_t i;

	x->response_seen = member_flag(r, o, "seen");
	read_body(r, o, &x->response_body);
	x->response_id = member_string(r, o, "id");
	x->model_answered = member_string(r, o, "model");
	x->stream = member_flag(r, o, "stream");
	x->stream_events = member_number(r, o, "events");
	x->response_partial = member_flag(r, o, "partial");
	x->service_tier = member_string(r, o, "service_tier");
	x->cache_miss = member_string(r, o, "cache_miss");
	x->cache_missed = member_tokens(r, o, "cache_missed_tokens");
	json_array_foreach((json_t *)list, i, choice) {
		struct choice *c;

		x->choices = xgrow(x->choices, x->nchoices, sizeof(*x->choices));
		c = &x->choices[x->nchoices++];
		read_message(r, choice, &c->msg);
		c->index = member_number32(r, choice, "index");
		c->finish = member_word(r, choice, "finish", finish_word, FINISH_OTHER);
		c->finish_raw = member_string(r, choice, "finish_raw");
	}
	read_citations(r, o);
}

static void read_usage(struct reader *r, const json_t *o, struct usage *u)
{
	u->input = member_tokens(r, o, "input");
	u->cached_read = member_tokens(r, o, "cached_read");
	u->cache_write_5m = member_tokens(r, o, "cache_write_5m");
	u->cache_write_1h = member_tokens(r, o, "cache_write_1h");
	u->output = member_tokens(r, o, "output");
	u->reasoning = member_tokens(r, o, "reasoning");
	u->audio_in = member_tokens(r, o, "audio_in");
	u->audio_out = member_tokens(r, o, "audio_out");
	u->image_in = member_tokens(r, o, "image_in");
	u->image_out = member_tokens(r, o, "image_out");
	u->total = member_tokens(r, o, "total");
	u->raw = any_of(o, "raw");
}

static void read_conversation(struct reader *r, const json_t *o, struct conversation *k)
{
	unsigned at_least;

	member_digits(r, o, "id", k->id, sizeof(k->id));
	k->turn = member_number32(r, o, "turn");
	at_least = member_number32(r, o, "turn_at_least");
	k->turns_before = at_least > k->turn ? at_least - k->turn : 0;
	k->retry = member_flag(r, o, "retry");
	member_digits(r, o, "parent", k->parent, sizeof(k->parent));
	k->parent_turn = member_number32(r, o, "parent_turn");
	k->title = member_string(r, o, "title");
	k->session = member_string(r, o, "session");
	k->repeated = member_number(r, o, "repeated");
	k->repeated_from = member_number(r, o, "repeated_from");
	if (k->repeated > r->x->nmessages || k->repeated_from > r->x->nmessages - k->repeated)
		member_refuse(r, "repeated");
	k->same_system = member_flag(r, o, "same_system");
	k->same_tools = member_flag(r, o, "same_tools");
	k->broke = member_of(r, o, "broke_by", JSON_STRING) != NULL;
	k->broke_by = member_word(r, o, "broke_by", break_word, BREAK_TOOLS);
	k->broke_at = member_number(r, o, "broke_at");
	k->lost_cache = member_tokens(r, o, "lost_cache");
}

static void read_agent(struct reader *r, const json_t *o, struct agent *a)
{
	a->session = member_string(r, o, "session");
	a->id = member_string(r, o, "id");
	a->parent = member_string(r, o, "parent");
	a->kind = member_string(r, o, "kind");
	a->thread = member_string(r, o, "thread");
	a->turn = member_string(r, o, "turn");
	member_digits(r, o, "parent_conversation", a->parent_conversation,
		      sizeof(a->parent_conversation));
	a->parent_call = member_string(r, o, "parent_call");
	a->inferred = member_flag(r, o, "inferred");
}

static void read_cost(struct reader *r, const json_t *o, struct cost *c)
{
	const json_t *row;

	c->usd = member_dollars(r, o, "usd");
	c->source = member_word(r, o, "source", source_word, COST_LOCAL);
	c->partial = member_flag(r, o, "partial");
	c->input_usd = member_dollars(r, o, "input_usd");
	c->cached_usd = member_dollars(r, o, "cached_usd");
	c->write_usd = member_dollars(r, o, "write_usd");
	c->output_usd = member_dollars(r, o, "output_usd");
	c->request_usd = member_dollars(r, o, "request_usd");
	row = member_of(r, o, "row", JSON_STRING);
	if (row)
		utf8_cut(span_of(json_string_value(row), json_string_length(row)), c->row,
			 sizeof(c->row));
}

static void read_error(struct reader *r, const json_t *o)
{
	struct api_error *e;

	if (!o)
		return;
	e = r->x->error = xcalloc(1, sizeof(*e));
	e->type = member_string(r, o, "type");
	e->code = member_string(r, o, "code");
	e->message = member_string(r, o, "message");
}

/* A time that counts from `zero`. */
static uint64_t moment(struct reader *r, const json_t *o, const char *key, uint64_t zero)
{
	return member_of(r, o, key, JSON_INTEGER) ? zero + member_number(r, o, key) : 0;
}

static void read_times(struct reader *r, const json_t *o)
{
	uint64_t zero = member_number(r, o, "monotonic_ns");
	int64_t start = member_wall_time(r, o, "start");
	struct exchange *x = r->x;

	if (start)
		x->wall_offset = (int64_t)((uint64_t)start - zero);
	x->t = (struct times){
		.request_first = zero,
		.request_last = moment(r, o, "request_last_ns", zero),
		.response_first = moment(r, o, "response_first_ns", zero),
		.first_token = moment(r, o, "first_token_ns", zero),
		.response_last = moment(r, o, "response_last_ns", zero),
	};
	place_arrivals(&x->request_body.arrival, zero);
	place_arrivals(&x->response_body.arrival, zero);
	/* Without a request all times count from the answer. */
	if (!x->request_seen && x->t.response_first == zero)
		x->t.request_first = 0;
	if (x->request_seen && !zero)
		x->t.request_first = x->t.response_first;
}

static void read_container(struct reader *r, const json_t *o)
{
	r->x->container = (struct container){
		.runtime = member_string(r, o, "runtime"),
		.id = member_string(r, o, "id"),
		.name = member_string(r, o, "name"),
		.pod = member_string(r, o, "pod"),
		.unit = member_string(r, o, "unit"),
	};
}

/* The parent is the first of them. */
static void read_ancestors(struct reader *r, const json_t *o)
{
	const json_t *list = member_of(r, o, "ancestors", JSON_ARRAY), *v;
	size_t i;

	json_array_foreach((json_t *)list, i, v)
		if (!ancestors_add(&r->x->ancestors, (uint64_t)json_integer_value(v))) {
			member_refuse(r, "ancestors");
			return;
		}
}

static void read_process(struct reader *r, const json_t *o)
{
	struct exchange *x = r->x;

	x->tgid = member_number32(r, o, "pid");
	x->tid = member_number32(r, o, "tid");
	x->uid = member_number32(r, o, "uid");
	x->cgroup = member_number(r, o, "cgroup");
	x->process = member_string(r, o, "name");
	x->exe = member_string(r, o, "exe");
	x->cmdline = member_string(r, o, "cmdline");
	x->comm = member_string(r, o, "thread");
	x->script = member_string(r, o, "script");
	x->user = member_string(r, o, "user");
	read_ancestors(r, o);
	read_container(r, member_of(r, o, "container", JSON_OBJECT));
}

static void read_leg(struct reader *r, const json_t *o, struct leg *l)
{
	l->tgid = member_number32(r, o, "pid");
	l->program = member_string(r, o, "program");
	l->user = member_string(r, o, "user");
}

static void read_other_end(struct reader *r, const json_t *o)
{
	struct other_end *e;

	if (!o)
		return;
	e = r->x->other = xcalloc(1, sizeof(*e));
	e->tgid = member_number32(r, o, "pid");
	e->uid = member_number32(r, o, "uid");
	e->process = member_string(r, o, "name");
	e->exe = member_string(r, o, "exe");
	e->cmdline = member_string(r, o, "cmdline");
	e->script = member_string(r, o, "script");
	e->user = member_string(r, o, "user");
	e->cgroup = member_number(r, o, "cgroup");
}

/* "PID-OBJECT-TIME", the last two in hex. */
static void read_connection_id(struct reader *r, const json_t *o)
{
	const json_t *v = member_of(r, o, "id", JSON_STRING);
	char *at;

	if (!v)
		return;
	strtoull(json_string_value(v), &at, 10);
	if (*at == '-')
		r->x->conn_object = strtoull(at + 1, &at, 16);
	if (*at == '-')
		r->x->conn_first_seen_ns = strtoull(at + 1, &at, 16);
	if (*at)
		member_refuse(r, "id");
}

static void read_connection(struct reader *r, const json_t *o)
{
	const json_t *role = member_of(r, o, "role", JSON_STRING);
	struct exchange *x = r->x;

	read_connection_id(r, o);
	x->is_server = role && strcmp(json_string_value(role), "server") == 0;
	x->server_name = member_string(r, o, "server_name");
	x->local = member_string(r, o, "local");
	x->peer = member_string(r, o, "peer");
	x->cleartext = !member_flag(r, o, "tls");
	x->protocol = member_label(r, o, "protocol");
	x->from_middle = member_flag(r, o, "from_middle");
	x->hooked_late = json_is_string(json_object_get(o, "from_middle_reason"));
}

static void read_http(struct reader *r, const json_t *o)
{
	struct exchange *x = r->x;

	x->method = member_string(r, o, "method");
	x->host = member_string(r, o, "host");
	x->port = member_number32(r, o, "port");
	x->target = member_string(r, o, "target");
	x->status = member_number32(r, o, "status");
	x->request_id = member_string(r, o, "request_id");
	read_headers(r, o, "request_headers", &x->request_headers);
	read_headers(r, o, "response_headers", &x->response_headers);
	x->request_headers.cut = member_flag(r, o, "headers_cut");
	x->request_headers.unseen = member_flag(r, o, "headers_unseen");
}

static void read_rpc(struct reader *r, const json_t *o)
{
	struct exchange *x = r->x;

	x->rpc_method = member_string(r, o, "method");
	x->rpc_name = member_string(r, o, "name");
	x->rpc_failed = member_flag(r, o, "failed");
	x->rpc_id = member_string(r, o, "id");
	x->rpc_task = member_string(r, o, "task");
	x->rpc_state = member_string(r, o, "state");
	x->rpc_context = member_string(r, o, "context");
	x->rpc_continues = member_number(r, o, "continues");
	x->rpc_mismatch = member_string(r, o, "mismatch");
	x->rpc_messages[0] = member_number(r, o, "messages_sent");
	x->rpc_messages[1] = member_number(r, o, "messages_received");
}

static void read_record(struct reader *r, const json_t *v)
{
	struct exchange *x = r->x;

	x->kind = member_word(r, v, "kind", kind_word, EXCHANGE_HTTP);
	x->provider = member_label(r, v, "provider");
	x->provider_label = member_label(r, v, "provider_label");
	x->provider_given = json_is_string(json_object_get(v, "provider_from"));
	x->api = member_label(r, v, "api");
	x->lost_events = member_flag(r, v, "lost_events");
	read_process(r, member_of(r, v, "process", JSON_OBJECT));
	read_connection(r, member_of(r, v, "connection", JSON_OBJECT));
	read_other_end(r, member_of(r, v, "other_end", JSON_OBJECT));
	read_leg(r, member_of(r, v, "via", JSON_OBJECT), &x->via);
	read_leg(r, member_of(r, v, "made_for", JSON_OBJECT), &x->made_for);
	x->twin_of = member_number(r, v, "twin_of");
	read_http(r, member_of(r, v, "http", JSON_OBJECT));
	read_request(r, member_of(r, v, "request", JSON_OBJECT));
	read_response(r, member_of(r, v, "response", JSON_OBJECT));
	read_times(r, member_of(r, v, "times", JSON_OBJECT));
	read_agent(r, member_of(r, v, "agent", JSON_OBJECT), &x->agent);
	read_conversation(r, member_of(r, v, "conversation", JSON_OBJECT), &x->conversation);
	read_usage(r, member_of(r, v, "usage", JSON_OBJECT), &x->usage);
	x->counted = member_tokens(r, v, "counted_tokens");
	read_cost(r, member_of(r, v, "cost", JSON_OBJECT), &x->cost);
	read_alerts(r, v);
	read_rpc(r, member_of(r, v, "rpc", JSON_OBJECT));
	read_error(r, member_of(r, v, "error", JSON_OBJECT));
}

/* ---- the whole ---- */

static bool deeper(const json_t *v, unsigned limit)
{
	const char *key;
	json_t *item;
	size_t i;

	if (!limit)
		return true;
	json_array_foreach((json_t *)v, i, item) {
		if (deeper(item, limit - 1))
			return true;
	}
	json_object_foreach((json_t *)v, key, item) {
		if (deeper(item, limit - 1))
			return true;
	}
	return false;
}

static int check(const json_t *v, struct error *reterr)
{
	const char *event = json_string_value(json_object_get(v, "event"));
	const json_t *version = json_object_get(v, "v");

	if (!json_is_integer(version) || !json_is_string(json_object_get(v, "kind")) ||
	    !json_is_integer(json_object_get(v, "id")))
		return error_set(reterr, -EPROTO, "this JSON is no record of llm-spy");
	if (json_integer_value(version) != RECORD_VERSION)
		return error_set(reterr, -ENOTSUP,
				 "the record has version %lld; this llm-spy reads version %d",
				 (long long)json_integer_value(version), RECORD_VERSION);
	if (event && strcmp(event, "end") != 0)
		return error_set(reterr, -ENODATA,
				 "the record is that of a request, not of what has ended");
	if (deeper(v, DEPTH_MAX))
		return error_set(reterr, -EPROTO, "the record is nested too deeply");
	return 0;
}

struct exchange *exchange_from_json(const json_t *v, struct error *reterr)
{
	struct reader r = { 0 };

	if (check(v, reterr) != 0)
		return NULL;
	r.x = exchange_new((uint64_t)json_integer_value(json_object_get(v, "id")), 0);
	read_record(&r, v);
	if (!r.wrong)
		return r.x;
	error_set(reterr, -EPROTO, "the record's member `%s` has a wrong type or value", r.wrong);
	exchange_unref(r.x);
	return NULL;
}
