/* SPDX-License-Identifier: MIT */
/* Source: HTTP Archive (HAR) 1.2, "HAR 1.2 Spec", and what Chromium's developer tools write and
 * read of it (28 November 2026). */
#include <arpa/inet.h>
#include <nettle/base64.h>
#include <string.h>

#include "base/utf8.h"
#include "base/xalloc.h"
#include "exchange/account.h"
#include "exchange/headers.h"
#include "json/text.h"
#include "sink/har.h"
#include "sink/ledger.h"

void har_text(json_t *o, const char *key, const char *text)
{
	if (text)
		json_object_set_new(o, key, json_from_text(text));
}

static void number(json_t *o, const char *key, int64_t n)
{
	if (n != COUNT_UNKNOWN)
		json_object_set_new(o, key, json_integer(n));
}

json_t *har_ms(uint64_t from, uint64_t to)
{
	uint64_t us = to > from ? (to - from) / 1000 : 0;

	return from && to ? json_real((double)us / 1000) : json_integer(-1);
}

/* ---- both messages ---- */

static json_t *header_fields(const struct headers *h)
{
	json_t *list = json_array();

	for (size_t i = 0; i < h->count; i++) {
		json_t *o = json_object();

		json_object_set_new(o, "name", json_from_text(h->items[i].name));
		json_object_set_new(o, "value", json_from_text(h->items[i].value));
		json_array_append_new(list, o);
	}
	return list;
}

static const char *http_version(const struct exchange *x)
{
	return x->protocol ? x->protocol : "unknown";
}

/* Bytes of the body as it was sent; sizes of heads are not known. */
static void sizes(json_t *o, const struct body *b)
{
	json_object_set_new(o, "headersSize", json_integer(-1));
	json_object_set_new(o, "bodySize",
			    json_integer(b->state == BODY_NONE ? -1 : (json_int_t)b->wire));
}

static json_t *mime_type(const struct headers *h, const struct body *b)
{
	struct span whole = headers_find(h, "content-type");

	if (whole.len)
		return json_from_bytes(whole);
	return json_from_text(b->media_type ? b->media_type : "x-unknown");
}

static json_t *base64_text(struct span s)
{
	size_t len = BASE64_ENCODE_RAW_LENGTH(s.len);
	char *text = xmalloc(len + 1);
	json_t *v;

	base64_encode_raw(text, s.len, s.ptr);
	v = json_stringn(text, len);
	free(text);
	return v;
}

/* What is missing of a body's text, for people; NULL: nothing. */
static const char *missing(const struct body *b)
{
	if (b->coding_error)
		return b->coding_error;
	if (b->missing || b->ngaps)
		return "bytes are missing";
	if (b->text.full || body_kept(b) < b->decoded)
		return "cut by a limit";
	return b->state == BODY_CUT ? "ended early" : NULL;
}

/* ---- request ---- */

/* An archive has no coding for what a request sends: bytes that are no text become U+FFFD. */
static json_t *post_data(const struct exchange *x)
{
	const struct body *b = &x->request_body;
	json_t *o = json_object();

	json_object_set_new(o, "mimeType", mime_type(&x->request_headers, b));
	json_object_set_new(o, "text", json_from_bytes(buf_span(&b->text)));
	har_text(o, "comment", missing(b));
	return o;
}

static json_t *request(const struct exchange *x)
{
	AUTO_FREE char *url = har_url(x);
	const char *method = x->method ? x->method : x->rpc_method;
	json_t *o = json_object();

	har_text(o, "method", method ? method : "unknown");
	har_text(o, "url", url);
	har_text(o, "httpVersion", http_version(x));
	json_object_set_new(o, "cookies", har_cookies(&x->request_headers));
	json_object_set_new(o, "headers", header_fields(&x->request_headers));
	json_object_set_new(o, "queryString", har_query(x->target));
	if (x->request_body.wire && !har_is_websocket(x))
		json_object_set_new(o, "postData", post_data(x));
	sizes(o, &x->request_body);
	return o;
}

/* ---- response ---- */

static json_t *content(const struct exchange *x)
{
	const struct body *b = &x->response_body;
	struct span text = buf_span(&b->text);
	json_t *o = json_object();

	json_object_set_new(o, "size", json_integer((json_int_t)b->decoded));
	if (b->coding && !b->coding_error)
		json_object_set_new(o, "compression",
				    json_integer((json_int_t)(b->decoded - b->wire)));
	json_object_set_new(o, "mimeType", mime_type(&x->response_headers, b));
	/* A WebSocket's are listed one by one. */
	if (har_is_websocket(x))
		return o;
	if (text.len && !b->binary && utf8_valid(text)) {
		json_object_set_new(o, "text", json_from_bytes(text));
	} else if (text.len) {
		json_object_set_new(o, "text", base64_text(text));
		json_object_set_new(o, "encoding", json_string("base64"));
	}
	har_text(o, "comment", missing(b));
	return o;
}

static json_t *response(const struct exchange *x)
{
	struct span location = headers_find(&x->response_headers, "location");
	json_t *o = json_object();

	json_object_set_new(o, "status", json_integer(x->status));
	json_object_set_new(o, "statusText", json_string(""));
	har_text(o, "httpVersion", http_version(x));
	/* Set-Cookie is masked as a whole. */
	json_object_set_new(o, "cookies", json_array());
	json_object_set_new(o, "headers", header_fields(&x->response_headers));
	json_object_set_new(o, "content", content(x));
	json_object_set_new(o, "redirectURL", json_from_bytes(location));
	sizes(o, &x->response_body);
	if (x->response_body.state != BODY_NONE)
		json_object_set_new(o, "_transferSize",
				    json_integer((json_int_t)x->response_body.wire));
	if (!x->response_seen)
		har_text(o, "_error", "no response seen");
	else if (x->response_body.state == BODY_CUT)
		har_text(o, "_error", "the response ended early");
	return o;
}

/* ---- times and places ---- */

static json_t *timings(const struct exchange *x)
{
	const struct times *t = &x->t;
	json_t *o = json_object();

	json_object_set_new(o, "blocked", json_integer(-1));
	json_object_set_new(o, "dns", json_integer(-1));
	json_object_set_new(o, "connect", json_integer(-1));
	json_object_set_new(o, "ssl", json_integer(-1));
	json_object_set_new(o, "send", har_ms(t->request_first, t->request_last));
	json_object_set_new(o, "wait", har_ms(t->request_last, t->response_first));
	json_object_set_new(o, "receive", har_ms(t->response_first, t->response_last));
	return o;
}

/* The sum of what is known of them, as is required. */
static json_t *total(const json_t *timings)
{
	const char *key;
	json_t *v;
	double sum = 0;

	json_object_foreach((json_t *)timings, key, v) {
		sum += json_number_value(v) > 0 ? json_number_value(v) : 0;
	}
	return json_real(sum);
}

/* "2026-11-24T14:02:11.093Z"; 1970 where it is not known, for a time is required. */
static void started(json_t *o, const struct exchange *x)
{
	char text[WALL_TEXT];

	if (!wall_text(exchange_began_ns(x), text)) {
		har_text(o, "startedDateTime", "1970-01-01T00:00:00.000Z");
		return;
	}
	memcpy(text + 23, "Z", 2);
	har_text(o, "startedDateTime", text);
}

/* The address of "192.0.2.1:443" or "[::1]:443"; false where it is none of the internet. */
static bool address_of(const char *end, char ret[INET6_ADDRSTRLEN])
{
	bool is_v6 = *end == '[';
	size_t len = strcspn(end + is_v6, is_v6 ? "]" : ":");
	struct in6_addr address;

	if (len >= INET6_ADDRSTRLEN)
		return false;
	memcpy(ret, end + is_v6, len);
	ret[len] = '\0';
	return inet_pton(is_v6 ? AF_INET6 : AF_INET, ret, &address) == 1;
}

/* The developer tools take `connection` for the server's port. */
static void server_address(json_t *o, const struct exchange *x)
{
	const char *end = x->is_server ? x->local : x->peer;
	char id[64], address[INET6_ADDRSTRLEN];

	snprintf(id, sizeof(id), "%u-%llx-%llx", x->tgid, (unsigned long long)x->conn_object,
		 (unsigned long long)x->conn_first_seen_ns);
	har_text(o, "_connectionId", id);
	if (!end || !address_of(end, address))
		return;
	har_text(o, "serverIPAddress", address);
	if (strrchr(end, ':'))
		har_text(o, "connection", strrchr(end, ':') + 1);
}

static const char *resource_type(const struct exchange *x)
{
	if (har_is_websocket(x))
		return "websocket";
	if (span_eq(span_str(x->response_body.media_type), SPAN_LIT("text/event-stream")))
		return "eventsource";
	return "fetch";
}

/* ---- what only we know ---- */

static json_t *process(const struct exchange *x)
{
	json_t *o = json_object();

	json_object_set_new(o, "pid", json_integer(x->tgid));
	har_text(o, "name", x->process);
	har_text(o, "script", x->script);
	har_text(o, "user", x->user);
	har_text(o, "container", exchange_container(x));
	return o;
}

/* Tokens and cost, as in the table of csv. Members that are not known are absent. */
static json_t *model_call(const struct exchange *x)
{
	json_t *o = json_object();
	struct account a;

	exchange_account(x, &a);
	har_text(o, "provider", x->provider);
	har_text(o, "api", x->api);
	har_text(o, "model", exchange_model(x));
	har_text(o, "finish", a.finish);
	har_text(o, "error_type", a.error_type);
	number(o, "input_tokens", a.input);
	number(o, "cached_tokens", a.cached);
	number(o, "output_tokens", a.output);
	number(o, "reasoning_tokens", a.reasoning);
	if (a.priced)
		json_object_set_new(o, "cost_usd", json_real(a.usd));
	har_text(o, "cost_source", a.cost_source);
	har_text(o, "conversation", a.conversation);
	number(o, "turn", a.turn);
	return o;
}

static void alert(void *list, const char *text)
{
	json_array_append_new(list, json_from_text(text));
}

static void own_members(json_t *o, const struct exchange *x)
{
	char who[200];

	json_object_set_new(o, "_id", json_integer((json_int_t)x->id));
	har_text(o, "_kind", exchange_kind_name(x->kind));
	json_object_set_new(o, "_complete", json_boolean(exchange_complete(x)));
	json_object_set_new(o, "_process", process(x));
	if (x->kind == EXCHANGE_LLM)
		json_object_set_new(o, "_llm", model_call(x));
	if (x->alerts.count) {
		json_t *list = json_array();

		ledger_alerts(x, alert, list);
		json_object_set_new(o, "_alerts", list);
	}
	if (x->twin_of)
		json_object_set_new(o, "_twinOf", json_integer((json_int_t)x->twin_of));
	if (x->via.tgid)
		har_text(o, "_via", x->via.program ? x->via.program : "?");
	snprintf(who, sizeof(who), "%.150s, process %u", exchange_program(x), x->tgid);
	har_text(o, "comment", who);
}

json_t *har_entry(const struct exchange *x)
{
	json_t *o = json_object(), *times = timings(x);

	started(o, x);
	json_object_set_new(o, "time", total(times));
	json_object_set_new(o, "request", request(x));
	json_object_set_new(o, "response", response(x));
	json_object_set_new(o, "cache", json_object());
	json_object_set_new(o, "timings", times);
	server_address(o, x);
	har_text(o, "_resourceType", resource_type(x));
	if (har_is_websocket(x))
		json_object_set_new(o, "_webSocketMessages", har_websocket_messages(x));
	else if (strcmp(resource_type(x), "eventsource") == 0)
		json_object_set_new(o, "_eventSourceMessages", har_events(x));
	own_members(o, x);
	return o;
}
