/* SPDX-License-Identifier: MIT */
/* Source: OpenTelemetry's semantic conventions of generative AI and of MCP (semconv.def), and
 * trace.proto of OTLP. */
#include "telemetry/otlp_span.h"

#include <math.h>
#include <stdio.h>

#include "base/digest.h"
#include "exchange/account.h"
#include "json/number.h"
#include "json/text.h"

#define NAME_MAX_BYTES 256

enum span_kind { SPAN_INTERNAL = 1, SPAN_SERVER = 2, SPAN_CLIENT = 3 };
enum status_code { STATUS_ERROR = 2 };

/* ---- who it is ---- */

static void digest_of(const struct exchange *x, char ret[65])
{
	struct sha256_ctx ctx;
	const uint64_t numbers[] = {
		x->tgid,
		x->conn_first_seen_ns,
		x->conn_object,
		x->t.request_first,
		x->t.response_first,
		(uint64_t)x->wall_offset,
		x->serial,
		x->id,
	};

	sha256_init(&ctx);
	sha256_update(&ctx, sizeof(numbers), (const uint8_t *)numbers);
	digest_hex(&ctx, ret);
}

void otlp_ids(const struct exchange *x, struct otlp_ids *ret)
{
	struct trace_context told;
	char hex[65];

	*ret = (struct otlp_ids){ 0 };
	digest_of(x, hex);
	memcpy(ret->own.trace, hex, TRACE_ID_SIZE - 1);
	memcpy(ret->own.span, hex + TRACE_ID_SIZE - 1, SPAN_ID_SIZE - 1);
	if (!trace_context_of(x, &told))
		return;
	memcpy(ret->own.trace, told.trace, sizeof(told.trace));
	memcpy(ret->parent, told.span, sizeof(told.span));
}

static uint64_t wall(const struct exchange *x, uint64_t monotonic)
{
	return (uint64_t)exchange_wall_ns(x, monotonic);
}

uint64_t otlp_start_ns(const struct exchange *x)
{
	return (uint64_t)exchange_began_ns(x);
}

uint64_t otlp_end_ns(const struct exchange *x)
{
	uint64_t last = x->t.response_last ? x->t.response_last : x->t.request_last;
	uint64_t end = wall(x, last), start = otlp_start_ns(x);

	return end > start ? end : start;
}

/* ---- attributes ---- */

const char *otlp_error_type(const struct exchange *x, char room[OTLP_ERROR_SIZE])
{
	if (x->rpc_failed)
		return "tool_error";
	if (exchange_error_type(x))
		return exchange_error_type(x);
	if (x->status < 400)
		return x->error ? "_OTHER" : NULL;
	snprintf(room, OTLP_ERROR_SIZE, "%u", x->status);
	return room;
}

/* The peer's may be a proxy's. */
static int64_t server_port(const struct exchange *x)
{
	if (x->port || !x->host)
		return x->port ? (int64_t)x->port : COUNT_UNKNOWN;
	return x->cleartext ? 80 : 443;
}

static void add_server(struct attributes *a, const struct exchange *x)
{
	attribute_text(a, SEMCONV_SERVER_ADDRESS, x->host ? x->host : x->server_name);
	attribute_int(a, SEMCONV_SERVER_PORT, server_port(x));
}

static void add_error(struct attributes *a, const struct exchange *x)
{
	char room[OTLP_ERROR_SIZE];

	attribute_text(a, SEMCONV_ERROR_TYPE, otlp_error_type(x, room));
}

void otlp_add_call(struct attributes *a, const struct exchange *x)
{
	attribute_text(a, SEMCONV_OPERATION, semconv_operation(x));
	attribute_text(a, SEMCONV_PROVIDER, semconv_provider(x));
	attribute_text(a, SEMCONV_REQUEST_MODEL, x->model_asked);
	attribute_text(a, SEMCONV_RESPONSE_MODEL, x->model_answered);
	add_server(a, x);
	add_error(a, x);
}

/* By the names that providers have for them. */
static void add_param(struct attributes *a, const struct param *p)
{
	static const struct {
		const char *name;
		enum semconv as;
		bool whole;
	} known[] = {
		{ "max_tokens", SEMCONV_REQUEST_MAX_TOKENS, true },
		{ "max_completion_tokens", SEMCONV_REQUEST_MAX_TOKENS, true },
		{ "max_output_tokens", SEMCONV_REQUEST_MAX_TOKENS, true },
		{ "temperature", SEMCONV_REQUEST_TEMPERATURE, false },
		{ "top_p", SEMCONV_REQUEST_TOP_P, false },
		{ "top_k", SEMCONV_REQUEST_TOP_K, true },
		{ "frequency_penalty", SEMCONV_REQUEST_FREQUENCY_PENALTY, false },
		{ "presence_penalty", SEMCONV_REQUEST_PRESENCE_PENALTY, false },
		{ "seed", SEMCONV_REQUEST_SEED, true },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (strcmp(p->name, known[i].name) != 0 || !json_number_is(p->value))
			continue;
		if (!known[i].whole)
			attribute_double(a, known[i].as, json_number_double(p->value));
		else if (json_is_integer(p->value))
			attribute_int(a, known[i].as, json_integer_value(p->value));
	}
}

static void add_finish(struct attributes *a, const struct exchange *x)
{
	json_t *list = json_array();

	for (size_t i = 0; i < x->nchoices; i++)
		if (x->choices[i].finish != FINISH_NONE)
			json_array_append_new(list, json_string(finish_name(x->choices[i].finish)));
	if (json_array_size(list))
		attribute_json(a, SEMCONV_RESPONSE_FINISH_REASONS, list);
	else
		json_decref(list);
}

/* A user whom the client names to the provider. */
static const char *user_of(const struct exchange *x)
{
	const json_t *ways[] = {
		exchange_param(x, "user"),
		exchange_param(x, "safety_identifier"),
		json_object_get(exchange_param(x, "metadata"), "user_id"),
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (json_is_string(ways[i]))
			return json_string_value(ways[i]);
	return NULL;
}

static void add_usage(struct attributes *a, const struct account *n)
{
	attribute_int(a, SEMCONV_INPUT_TOKENS, n->input);
	attribute_int(a, SEMCONV_OUTPUT_TOKENS, n->output);
	attribute_int(a, SEMCONV_CACHE_READ_TOKENS, n->cached);
	attribute_int(a, SEMCONV_CACHE_WRITE_TOKENS, n->written);
	attribute_int(a, SEMCONV_REASONING_TOKENS, n->reasoning);
	attribute_double(a, SEMCONV_OUR_COST, n->priced ? n->usd : NAN);
	attribute_text(a, SEMCONV_OUR_COST_SOURCE, n->cost_source);
}

static void add_model(struct attributes *a, const struct exchange *x)
{
	struct account n;

	exchange_account(x, &n);
	otlp_add_call(a, x);
	attribute_text(a, SEMCONV_OUR_API, x->api);
	if (x->stream_requested)
		attribute_bool(a, SEMCONV_REQUEST_STREAM, true);
	for (size_t i = 0; i < x->nparams; i++)
		add_param(a, &x->params[i]);
	attribute_text(a, SEMCONV_RESPONSE_ID, x->response_id);
	add_finish(a, x);
	if (n.first_token_ns != COUNT_UNKNOWN)
		attribute_double(a, SEMCONV_RESPONSE_FIRST_CHUNK, (double)n.first_token_ns / 1e9);
	add_usage(a, &n);
	attribute_text(a, SEMCONV_CONVERSATION, x->conversation.session);
	attribute_text(a, SEMCONV_SESSION, x->conversation.session);
	attribute_text(a, SEMCONV_USER, user_of(x));
	attribute_text(a, SEMCONV_AGENT_ID, x->agent.id);
	attribute_text(a, SEMCONV_AGENT_NAME, x->agent.kind);
	attribute_text(a, SEMCONV_OUR_AGENT_PARENT, x->agent.parent);
	attribute_text(a, SEMCONV_OUR_CONVERSATION, n.conversation);
	attribute_int(a, SEMCONV_OUR_TURN, n.turn);
}

static const char *field(const struct exchange *x, const char *name)
{
	for (size_t i = 0; i < x->request_headers.count; i++)
		if (strcasecmp(x->request_headers.items[i].name, name) == 0)
			return x->request_headers.items[i].value;
	return NULL;
}

static bool begins(const char *text, const char *with)
{
	return text && strncmp(text, with, strlen(with)) == 0;
}

static void add_mcp(struct attributes *a, const struct exchange *x)
{
	const struct part *p = x->nmessages && x->messages[0].nparts ? x->messages[0].parts : NULL;
	bool tool = x->rpc_method && strcmp(x->rpc_method, "tools/call") == 0;

	attribute_text(a, SEMCONV_MCP_METHOD, x->rpc_method);
	attribute_text(a, SEMCONV_OPERATION, tool ? "execute_tool" : NULL);
	attribute_text(a, SEMCONV_TOOL_NAME, tool ? x->rpc_name : NULL);
	if (begins(x->rpc_method, "prompts/"))
		attribute_text(a, SEMCONV_PROMPT_NAME, x->rpc_name);
	if (begins(x->rpc_method, "resources/"))
		attribute_text(a, SEMCONV_MCP_RESOURCE, x->rpc_name);
	attribute_text(a, SEMCONV_JSONRPC_ID, p ? p->id : NULL);
	attribute_text(a, SEMCONV_MCP_SESSION, field(x, "mcp-session-id"));
	attribute_text(a, SEMCONV_NETWORK_TRANSPORT, exchange_is_stdio(x) ? "pipe" : "tcp");
	add_server(a, x);
	add_error(a, x);
}

static void add_other(struct attributes *a, const struct exchange *x)
{
	if (x->kind == EXCHANGE_HTTP)
		attribute_text(a, SEMCONV_HTTP_METHOD, x->method);
	add_server(a, x);
	add_error(a, x);
}

/* Their rules alone: where one was found is a sentence. */
static json_t *alerts_of(const struct exchange *x)
{
	json_t *list = json_array();

	for (size_t i = 0; i < x->alerts.count; i++)
		json_array_append_new(list, json_from_text(x->alerts.items[i].rule));
	return list;
}

static void add_ours(struct attributes *a, const struct exchange *x)
{
	uint64_t missing = exchange_missing(x);

	if (x->status)
		attribute_int(a, SEMCONV_HTTP_STATUS, x->status);
	attribute_int(a, SEMCONV_OUR_ID, (int64_t)x->id);
	attribute_text(a, SEMCONV_OUR_KIND, exchange_kind_name(x->kind));
	attribute_bool(a, SEMCONV_OUR_COMPLETE, exchange_complete(x));
	if (missing)
		attribute_int(a, SEMCONV_OUR_MISSING, (int64_t)missing);
	if (x->alerts.count)
		attribute_json(a, SEMCONV_OUR_ALERTS, alerts_of(x));
	if (x->twin_of)
		attribute_int(a, SEMCONV_OUR_TWIN_OF, (int64_t)x->twin_of);
	if (x->via.tgid)
		attribute_text(a, SEMCONV_OUR_VIA, x->via.program);
}

static json_t *attributes_of(const struct exchange *x, const struct otlp_options *o)
{
	struct attributes a = attributes_new(o->newer);

	switch (x->kind) {
	case EXCHANGE_LLM:
		add_model(&a, x);
		break;
	case EXCHANGE_MCP:
		add_mcp(&a, x);
		break;
	case EXCHANGE_A2A:
	case EXCHANGE_ACP:
	case EXCHANGE_RPC:
	case EXCHANGE_HTTP:
		add_other(&a, x);
		break;
	}
	add_ours(&a, x);
	return a.list;
}

/* ---- the span ---- */

/* "chat gpt-4o", "tools/call read_file", "POST". */
static json_t *name_of(const struct exchange *x)
{
	const char *target = x->kind == EXCHANGE_LLM ? x->model_asked : x->rpc_name;
	const char *what = x->kind == EXCHANGE_LLM ? semconv_operation(x)
			   : x->rpc_method	   ? x->rpc_method
						   : x->method;
	char text[NAME_MAX_BYTES];

	if (x->kind != EXCHANGE_LLM && begins(x->rpc_method, "resources/"))
		target = NULL; /* names of spans are few */
	snprintf(text, sizeof(text), "%s%s%s", what ? what : "?", target ? " " : "",
		 target ? target : "");
	return json_from_text(text);
}

static json_t *status_of(const struct exchange *x)
{
	char room[OTLP_ERROR_SIZE];
	json_t *o = json_object();

	if (!otlp_error_type(x, room))
		return o;
	json_object_set_new(o, "code", json_integer(STATUS_ERROR));
	if (x->error && x->error->message)
		json_object_set_new(o, "message", json_from_text(x->error->message));
	return o;
}

static void set_time(json_t *o, const char *key, uint64_t ns)
{
	if (ns)
		json_object_set_new(o, key, otlp_number(ns));
}

json_t *otlp_span(const struct exchange *x, const struct otlp_ids *ids,
		  const struct otlp_options *o)
{
	json_t *span = json_object();

	json_object_set_new(span, "traceId", json_string(ids->own.trace));
	json_object_set_new(span, "spanId", json_string(ids->own.span));
	if (ids->parent[0])
		json_object_set_new(span, "parentSpanId", json_string(ids->parent));
	json_object_set_new(span, "name", name_of(x));
	json_object_set_new(span, "kind", json_integer(x->is_server ? SPAN_SERVER : SPAN_CLIENT));
	set_time(span, "startTimeUnixNano", otlp_start_ns(x));
	set_time(span, "endTimeUnixNano", otlp_end_ns(x));
	json_object_set_new(span, "attributes", attributes_of(x, o));
	json_object_set_new(span, "status", status_of(x));
	return span;
}
