/* SPDX-License-Identifier: MIT */
/* doc/RECORD.md documents each member, doc/record.schema.json too; tests hold the three together.
 * Unknown counts and times are null. */
#include "exchange/json.h"

#include "base/utf8.h"
#include "exchange/account.h"
#include "exchange/to_json_int.h"
#include "json/text.h"

static json_t *count(int64_t n)
{
	return n == COUNT_UNKNOWN ? json_null() : json_integer(n);
}

static json_t *digest(const char *hex)
{
	return hex[0] ? json_string(hex) : json_null();
}

static json_t *headers(const struct headers *h)
{
	json_t *list = json_array();

	for (size_t i = 0; i < h->count; i++) {
		json_t *pair = json_array();

		json_array_append_new(pair, json_from_text(h->items[i].name));
		json_array_append_new(pair, json_from_text(h->items[i].value));
		json_array_append_new(list, pair);
	}
	return list;
}

static json_t *gaps(const struct body *b)
{
	json_t *list = json_array();

	for (size_t i = 0; i < b->ngaps && i < GAPS_KEPT; i++) {
		json_t *g = json_object();

		set(g, "offset", json_integer((json_int_t)b->gaps[i].off));
		set(g, "bytes", json_integer((json_int_t)b->gaps[i].len));
		json_array_append_new(list, g);
	}
	return list;
}

static void body_text(json_t *o, const struct body *b)
{
	if (!b->text.len && body_kept(b) && !b->binary)
		return; /* read back without it */
	if (b->binary || !utf8_valid(buf_span(&b->text))) {
		set(o, "binary", json_true());
		return;
	}
	set(o, "text", json_from_bytes(buf_span(&b->text)));
}

/* What all other times count from. */
static uint64_t zero_of(const struct exchange *x)
{
	return x->t.request_first ? x->t.request_first : x->t.response_first;
}

static json_t *arrivals(const struct arrival *a, uint64_t zero)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->count; i++) {
		const struct arrival_mark *m = &a->marks[i];
		json_t *pair = json_array();

		json_array_append_new(pair, json_integer((json_int_t)m->lines));
		json_array_append_new(pair, json_integer((json_int_t)(m->ns - zero)));
		json_array_append_new(list, pair);
	}
	return list;
}

static json_t *body(const struct body *b, uint64_t zero, unsigned flags)
{
	json_t *o = json_object();

	set(o, "state", json_string(body_state_name(b->state)));
	set(o, "expected", count(b->expected));
	set(o, "captured", json_integer((json_int_t)b->wire));
	set(o, "missing", json_integer((json_int_t)b->missing));
	set(o, "gap_count", json_integer((json_int_t)b->ngaps));
	set(o, "gaps", gaps(b));
	set(o, "decoded", json_integer((json_int_t)b->decoded));
	set(o, "kept", json_integer((json_int_t)body_kept(b)));
	set(o, "cut", json_boolean(b->text.full));
	set(o, "media_type", json_from_text(b->media_type));
	set(o, "coding", json_from_text(b->coding));
	set(o, "coding_error", json_from_text(b->coding_error));
	set(o, "wire_sha256", digest(b->wire_sha256));
	set(o, "sha256", b->coding_error ? json_null() : digest(b->sha256));
	if (flags & EXCHANGE_JSON_BODIES)
		body_text(o, b);
	if (b->arrival.count && b->arrival.marks[0].ns >= zero && json_object_get(o, "text"))
		set(o, "arrivals", arrivals(&b->arrival, zero));
	return o;
}

static json_t *part(const struct part *p)
{
	json_t *o = json_object();

	set(o, "kind", json_string(part_kind_name(p->kind)));
	if (p->type_raw)
		set(o, "type", json_from_text(p->type_raw));
	if (p->id)
		set(o, "id", json_from_text(p->id));
	if (p->name)
		set(o, "name", json_from_text(p->name));
	if (p->media_type)
		set(o, "media_type", json_from_text(p->media_type));
	if (p->sha256[0]) {
		set(o, "bytes", json_integer((json_int_t)p->size));
		set(o, "sha256", json_string(p->sha256));
	}
	if (p->is_error)
		set(o, "is_error", json_true());
	if (p->text.full)
		set(o, "cut", json_true());
	set(o, "text", json_from_bytes(buf_span(&p->text)));
	return o;
}

static json_t *message(const struct message *m)
{
	json_t *o = json_object(), *parts = json_array();

	set(o, "role", json_from_text(m->role));
	if (m->name)
		set(o, "name", json_from_text(m->name));
	for (size_t i = 0; i < m->nparts; i++)
		json_array_append_new(parts, part(&m->parts[i]));
	set(o, "parts", parts);
	return o;
}

static json_t *tools(const struct exchange *x)
{
	json_t *list = json_array();

	for (size_t i = 0; i < x->ntools; i++) {
		json_t *o = json_object();

		set(o, "name", json_from_text(x->tools[i].name));
		set(o, "type", json_from_text(x->tools[i].type));
		set(o, "description", json_from_text(x->tools[i].description));
		set(o, "schema", json_incref(x->tools[i].schema));
		json_array_append_new(list, o);
	}
	return list;
}

/* Its bodies were read by a dialect. */
static bool has_content(const struct exchange *x)
{
	return x->kind <= EXCHANGE_A2A;
}

static json_t *key(const struct key_print *k)
{
	json_t *o;

	if (!k->id[0])
		return json_null();
	o = json_object();
	set(o, "id", json_string(k->id));
	set(o, "hint", json_from_text(k->hint));
	return o;
}

json_t *json_of_alerts(const struct alerts *list)
{
	json_t *a = json_array();

	for (size_t i = 0; i < list->count; i++) {
		json_t *o = json_object();

		set(o, "rule", json_from_text(list->items[i].rule));
		set(o, "where", json_from_text(list->items[i].where));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *request(const struct exchange *x, const struct account *a, unsigned flags)
{
	json_t *o = json_object(), *messages = json_array(), *params = json_object();

	set(o, "seen", json_boolean(x->request_seen));
	set(o, "body", body(&x->request_body, zero_of(x), flags));
	if (!has_content(x)) {
		json_decref(messages);
		json_decref(params);
		return o;
	}
	for (size_t i = 0; i < x->nmessages; i++)
		json_array_append_new(messages, message(&x->messages[i]));
	for (size_t i = 0; i < x->nparams; i++)
		json_object_set(params, x->params[i].name, x->params[i].value);
	set(o, "parsed", json_boolean(x->request_parsed));
	set(o, "partial", json_boolean(x->request_partial));
	set(o, "key", key(&x->key));
	set(o, "model", json_from_text(x->model_asked));
	set(o, "stream", json_boolean(x->stream_requested));
	set(o, "system", x->system.nparts ? message(&x->system) : NULL);
	set(o, "messages", messages);
	set(o, "new_messages", count(a->new_messages));
	set(o, "tools", tools(x));
	set(o, "params", params);
	return o;
}

static json_t *citations(const struct exchange *x)
{
	json_t *a = json_array();

	for (size_t i = 0; i < x->ncitations; i++) {
		const struct citation *s = &x->citations[i];
		json_t *o = json_object();

		set(o, "url", json_from_text(s->url));
		set(o, "title", json_from_text(s->title));
		set(o, "text", json_from_text(s->text));
		set(o, "document", json_from_text(s->document));
		set(o, "start", count(s->start));
		set(o, "end", count(s->end));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *searches(const struct exchange *x)
{
	json_t *a = json_array();

	for (size_t i = 0; i < x->nsearches; i++)
		json_array_append_new(a, json_from_text(x->searches[i]));
	return a;
}

static json_t *choices(const struct exchange *x)
{
	json_t *list = json_array();

	for (size_t i = 0; i < x->nchoices; i++) {
		json_t *o = message(&x->choices[i].msg);

		set(o, "index", json_integer(x->choices[i].index));
		set(o, "finish", json_string(finish_name(x->choices[i].finish)));
		set(o, "finish_raw", json_from_text(x->choices[i].finish_raw));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *response(const struct exchange *x, unsigned flags)
{
	json_t *o = json_object();

	set(o, "seen", json_boolean(x->response_seen));
	set(o, "status", x->status ? json_integer(x->status) : NULL);
	set(o, "body", body(&x->response_body, zero_of(x), flags));
	if (!has_content(x))
		return o;
	set(o, "id", json_from_text(x->response_id));
	set(o, "model", json_from_text(x->model_answered));
	set(o, "stream", json_boolean(x->stream));
	set(o, "events", json_integer((json_int_t)x->stream_events));
	set(o, "partial", json_boolean(x->response_partial));
	set(o, "service_tier", json_from_text(x->service_tier));
	set(o, "cache_miss", json_from_text(x->cache_miss));
	set(o, "cache_missed_tokens", count(x->cache_missed));
	set(o, "choices", choices(x));
	set(o, "citations", citations(x));
	set(o, "searches", searches(x));
	return o;
}

static json_t *usage(const struct usage *u)
{
	json_t *o = json_object();

	set(o, "input", count(u->input));
	set(o, "cached_read", count(u->cached_read));
	set(o, "cache_write_5m", count(u->cache_write_5m));
	set(o, "cache_write_1h", count(u->cache_write_1h));
	set(o, "output", count(u->output));
	set(o, "reasoning", count(u->reasoning));
	set(o, "audio_in", count(u->audio_in));
	set(o, "audio_out", count(u->audio_out));
	set(o, "image_in", count(u->image_in));
	set(o, "image_out", count(u->image_out));
	set(o, "total", count(u->total));
	set(o, "raw", json_incref(u->raw));
	return o;
}

static json_t *conversation(const struct conversation *k)
{
	json_t *o;

	if (!k->id[0] && !k->session)
		return json_null();
	o = json_object();
	set(o, "id", digest(k->id));
	set(o, "turn", k->turn ? json_integer(k->turn) : NULL);
	set(o, "joined_late", json_boolean(k->turns_before > 0));
	set(o, "turn_at_least",
	    k->turn ? json_integer((json_int_t)k->turn + k->turns_before) : NULL);
	set(o, "retry", json_boolean(k->retry));
	set(o, "parent", digest(k->parent));
	set(o, "parent_turn", k->parent_turn ? json_integer(k->parent_turn) : NULL);
	set(o, "title", json_from_text(k->title));
	set(o, "session", json_from_text(k->session));
	set(o, "repeated", json_integer((json_int_t)k->repeated));
	set(o, "repeated_from", json_integer((json_int_t)k->repeated_from));
	set(o, "same_system", json_boolean(k->same_system));
	set(o, "same_tools", json_boolean(k->same_tools));
	set(o, "broke_by", k->broke ? json_string(conversation_break_name(k->broke_by)) : NULL);
	set(o, "broke_at", k->broke ? json_integer((json_int_t)k->broke_at) : NULL);
	set(o, "lost_cache", count(k->lost_cache));
	return o;
}

static bool has_agent(const struct agent *a)
{
	return a->session || a->id || a->parent || a->kind || a->thread || a->turn ||
	       a->parent_call || a->parent_conversation[0];
}

static json_t *agent(const struct agent *a)
{
	json_t *o;

	if (!has_agent(a))
		return json_null();
	o = json_object();
	set(o, "session", json_from_text(a->session));
	set(o, "id", json_from_text(a->id));
	set(o, "parent", json_from_text(a->parent));
	set(o, "kind", json_from_text(a->kind));
	set(o, "thread", json_from_text(a->thread));
	set(o, "turn", json_from_text(a->turn));
	set(o, "parent_conversation", digest(a->parent_conversation));
	set(o, "parent_call", json_from_text(a->parent_call));
	set(o, "inferred", json_boolean(a->inferred));
	return o;
}

static json_t *cost(const struct cost *c)
{
	bool known = c->source != COST_UNKNOWN, parts = c->source == COST_TABLE;
	json_t *o = json_object();

	set(o, "usd", known ? json_real(c->usd) : NULL);
	set(o, "source", json_string(cost_source_name(c->source)));
	set(o, "partial", json_boolean(c->partial));
	set(o, "input_usd", parts ? json_real(c->input_usd) : NULL);
	set(o, "cached_usd", parts ? json_real(c->cached_usd) : NULL);
	set(o, "write_usd", parts ? json_real(c->write_usd) : NULL);
	set(o, "output_usd", parts ? json_real(c->output_usd) : NULL);
	set(o, "request_usd", parts ? json_real(c->request_usd) : NULL);
	set(o, "row", json_from_text(c->row[0] ? c->row : NULL));
	return o;
}

static json_t *error(const struct api_error *e)
{
	json_t *o;

	if (!e)
		return json_null();
	o = json_object();
	set(o, "type", json_from_text(e->type));
	set(o, "code", json_from_text(e->code));
	set(o, "message", json_from_text(e->message));
	return o;
}

static json_t *wall_time(int64_t ns)
{
	char text[WALL_TEXT];

	return wall_text(ns, text) ? json_string(text) : json_null();
}

static json_t *times(const struct exchange *x)
{
	uint64_t zero = zero_of(x);
	const struct {
		const char *key;
		uint64_t ns;
	} rows[] = {
		{ "request_last_ns", x->t.request_last },
		{ "response_first_ns", x->t.response_first },
		{ "first_token_ns", x->t.first_token },
		{ "response_last_ns", x->t.response_last },
	};
	json_t *o = json_object();

	set(o, "start", wall_time(exchange_began_ns(x)));
	set(o, "monotonic_ns", json_integer((json_int_t)zero));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		set(o, rows[i].key,
		    rows[i].ns >= zero && rows[i].ns ? json_integer((json_int_t)(rows[i].ns - zero))
						     : NULL);
	return o;
}

static json_t *rpc(const struct exchange *x)
{
	json_t *o = json_object();

	set(o, "method", json_from_text(x->rpc_method));
	set(o, "name", json_from_text(x->rpc_name));
	if (x->kind == EXCHANGE_RPC) {
		set(o, "messages_sent", json_integer((json_int_t)x->rpc_messages[0]));
		set(o, "messages_received", json_integer((json_int_t)x->rpc_messages[1]));
	} else {
		set(o, "failed", json_boolean(x->rpc_failed));
		set(o, "id", json_from_text(x->rpc_id));
		set(o, "task", json_from_text(x->rpc_task));
		set(o, "state", json_from_text(x->rpc_state));
		set(o, "context", json_from_text(x->rpc_context));
		set(o, "continues",
		    x->rpc_continues ? json_integer((json_int_t)x->rpc_continues) : NULL);
		set(o, "mismatch", json_from_text(x->rpc_mismatch));
	}
	return o;
}

static json_t *http(const struct exchange *x, const struct account *a)
{
	json_t *o = json_object();

	set(o, "method", json_from_text(x->method));
	set(o, "host", json_from_text(x->host));
	set(o, "port", x->port ? json_integer(x->port) : NULL);
	set(o, "target", json_from_text(x->target));
	set(o, "status", x->status ? json_integer(x->status) : NULL);
	set(o, "request_id", json_from_text(x->request_id));
	set(o, "retry_after",
	    a->retry_after_ms == COUNT_UNKNOWN ? NULL
					       : json_real((double)a->retry_after_ms / 1000));
	set(o, "request_headers", headers(&x->request_headers));
	set(o, "response_headers", headers(&x->response_headers));
	set(o, "headers_cut", json_boolean(x->request_headers.cut || x->response_headers.cut));
	set(o, "headers_unseen",
	    json_boolean(x->request_headers.unseen || x->response_headers.unseen));
	return o;
}

static const char *event_name(unsigned flags)
{
	return flags & EXCHANGE_JSON_REQUEST	  ? "request"
	       : flags & EXCHANGE_JSON_SUPERSEDED ? "superseded"
						  : "end";
}

json_t *json_milliseconds(int64_t ns)
{
	int64_t us = ns / 1000;

	return ns == COUNT_UNKNOWN ? json_null() : json_real((double)us / 1000);
}

json_t *exchange_to_json(const struct exchange *x, unsigned flags)
{
	bool llm = x->kind == EXCHANGE_LLM;
	json_t *o = json_object();
	struct account a;

	exchange_account(x, &a);
	set(o, "v", json_integer(RECORD_VERSION));
	set(o, "event", json_string(event_name(flags)));
	set(o, "id", json_integer((json_int_t)x->id));
	set(o, "kind", json_string(exchange_kind_name(x->kind)));
	set(o, "provider", json_from_text(x->provider));
	set(o, "provider_label", json_from_text(x->provider_label));
	set(o, "provider_from", x->provider_given ? json_string("option") : NULL);
	set(o, "api", json_from_text(x->api));
	set(o, "complete", json_boolean(exchange_complete(x)));
	set(o, "missing_bytes", json_integer((json_int_t)exchange_missing(x)));
	set(o, "lost_events", json_boolean(x->lost_events));
	set(o, "process", json_of_process(x));
	set(o, "connection", json_of_connection(x));
	set(o, "other_end", json_of_other_end(x->other));
	set(o, "via", json_of_leg(&x->via));
	set(o, "made_for", json_of_leg(&x->made_for));
	set(o, "twin_of", x->twin_of ? json_integer((json_int_t)x->twin_of) : NULL);
	set(o, "http", http(x, &a));
	set(o, "times", times(x));
	set(o, "duration_ms", json_milliseconds(a.duration_ns));
	set(o, "ttft_ms", json_milliseconds(a.first_token_ns));
	set(o, "request", request(x, &a, flags));
	set(o, "response", response(x, flags));
	if (llm) {
		set(o, "agent", agent(&x->agent));
		set(o, "conversation", conversation(&x->conversation));
		set(o, "usage", usage(&x->usage));
		set(o, "counted_tokens", count(x->counted));
		set(o, "cost", cost(&x->cost));
		set(o, "alerts", json_of_alerts(&x->alerts));
	}
	if (x->kind >= EXCHANGE_MCP && x->kind <= EXCHANGE_RPC)
		set(o, "rpc", rpc(x));
	if (x->kind == EXCHANGE_MCP)
		set(o, "agent", agent(&x->agent));
	set(o, "error", error(x->error));
	return o;
}
