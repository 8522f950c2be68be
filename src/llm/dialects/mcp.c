/* SPDX-License-Identifier: MIT */
/* Model Context Protocol over HTTP and over pipes: modelcontextprotocol.io/specification
 * (basic/transports, server/tools; read November 2026), up to 2026-07-28, which has no sessions:
 * each request says its version, header fields repeat method and name, and a server that needs
 * something of the client ends the call with what it needs, for which the client tries again. These
 * are no model calls, but agents acting on a model's answers: kind `mcp`, with method, tool,
 * arguments and result. */
#include <nettle/base64.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/headers.h"
#include "llm/dialect.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"
#include "llm/result.h"
#include "llm/rpc.h"

static bool method_is_mcp(struct span method)
{
	static const struct span starts[] = {
		SPAN_LIT("tools/"),	  SPAN_LIT("resources/"),     SPAN_LIT("prompts/"),
		SPAN_LIT("completion/"),  SPAN_LIT("notifications/"), SPAN_LIT("sampling/"),
		SPAN_LIT("elicitation/"), SPAN_LIT("roots/"),	      SPAN_LIT("tasks/"),
		SPAN_LIT("logging/"),	  SPAN_LIT("subscriptions/"), SPAN_LIT("server/"),
	};

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (span_starts(method, starts[i]))
			return true;
	return span_eq(method, SPAN_LIT("ping"));
}

static const json_t *first_message(const json_t *body)
{
	return json_is_array(body) ? json_array_get(body, 0) : body;
}

/* ---- header fields ---- */

static const char version_key[] = "io.modelcontextprotocol/protocolVersion";
static const char task_key[] = "io.modelcontextprotocol/related-task";

/* Of what a field cannot hold, it has the base64: "=?base64?...?=". */
static bool is_base64_of(struct span field, struct span value)
{
	static const struct span head = SPAN_LIT("=?base64?"), tail = SPAN_LIT("?=");
	size_t len = BASE64_ENCODE_RAW_LENGTH(value.len);
	char *text;
	bool same;

	if (field.len != head.len + len + tail.len || !span_starts(field, head) ||
	    !span_ends(field, tail))
		return false;
	text = xcalloc(1, len + 1);
	base64_encode_raw(text, value.len, value.ptr);
	same = span_eq(span_first(span_from(field, head.len), len), span_of(text, len));
	free(text);
	return same;
}

/* Notes a field that says something else than the body. */
static void compare(struct exchange *x, const char *field, const json_t *said)
{
	struct span there = headers_find(&x->request_headers, field), here = json_span(said);

	if (!there.len || !json_is_text(said) || x->rpc_mismatch)
		return;
	if (!span_eq(there, here) && !is_base64_of(there, here))
		set_string(&x->rpc_mismatch, span_str(field));
}

static void compare_headers(struct exchange *x, const json_t *v)
{
	static const char *const names[] = { "name", "uri", "taskId", NULL };
	const json_t *params = json_object_get(v, "params");
	const json_t *meta = json_object_get(params, "_meta");

	compare(x, "Mcp-Method", json_object_get(v, "method"));
	for (size_t i = 0; names[i]; i++)
		if (json_has(params, names[i])) {
			compare(x, "Mcp-Name", json_object_get(params, names[i]));
			break;
		}
	compare(x, "MCP-Protocol-Version", json_object_get(meta, version_key));
}

/* ---- tasks ---- */

/* A request, result or notification names its task in one of these places. */
static void read_task(struct exchange *x, const json_t *v)
{
	const json_t *inner = json_object_get(v, "task");
	const json_t *task = json_is_object(inner) && json_has(inner, "taskId") ? inner : v;

	set_json(&x->rpc_task, json_at2(json_object_get(v, "_meta"), task_key, "taskId"));
	set_json(&x->rpc_task, json_object_get(task, "taskId"));
	if (json_has(task, "taskId"))
		rpc_state(x, json_text(task, "status"));
}

/* ---- calls that go on ---- */

static uint64_t mix(uint64_t h, struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		h = (h ^ s.ptr[i]) * 1099511628211ull; /* FNV-1a */
	return (h ^ 0xff) * 1099511628211ull;
}

/* What a result and the next try of its call have in common: the state that the client hands back,
 * else the names of what was asked of it, in any order. */
static uint64_t round_of(const struct exchange *x, const json_t *state, const json_t *asked)
{
	uint64_t h = mix(14695981039346656037ull, span_str(x->rpc_method)), sum = 0;
	const char *key;
	json_t *v;

	h = mix(mix(h, span_str(x->host)), span_str(x->rpc_name));
	if (json_is_text(state))
		return mix(h, json_span(state));
	json_object_foreach((json_t *)asked, key, v)
		sum += mix(h, span_str(key));
	return sum;
}

/* What the client says to what was asked of it. */
static void read_input(struct exchange *x, const json_t *params)
{
	const json_t *given = json_object_get(params, "inputResponses");
	const json_t *state = json_object_get(params, "requestState");
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)given, key, v) {
		struct part *p =
			message_part(x, request_message(x, SPAN_LIT("client")), PART_TOOL_RESULT);

		set_string(&p->id, span_str(key));
		part_json(p, v);
	}
	x->rpc_answers = round_of(x, state, given);
}

static void read_asked(struct exchange *x, const char *key, const json_t *call)
{
	static const char *const known[] = { "method", "params", NULL };
	struct part *p = answer_part(x, 0, PART_TOOL_CALL, NO_SLOT);

	set_string(&p->id, span_str(key));
	set_json(&p->name, json_object_get(call, "method"));
	part_json(p, json_is_object(call) ? json_object_get(call, "params") : call);
	answer_shown(x, 0, p);
	answer_rest(x, 0, call, known);
}

/* Each thing that is asked is a call of the server to the client. */
static void read_input_required(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "resultType", "inputRequests", NULL };
	const json_t *asked = json_object_get(v, "inputRequests");
	const char *key;
	json_t *call;

	rpc_state(x, SPAN_LIT("input_required"));
	json_object_foreach((json_t *)asked, key, call)
		read_asked(x, key, call);
	x->rpc_round = round_of(x, json_object_get(v, "requestState"), asked);
	answer_rest(x, 0, v, known);
}

/* ---- binary content ---- */

static enum part_kind kind_of(struct span media)
{
	return span_starts(media, SPAN_LIT("image/"))	? PART_IMAGE
	       : span_starts(media, SPAN_LIT("audio/")) ? PART_AUDIO
							: PART_FILE;
}

/* A resource, by itself or in a content; its URI is its name. */
static bool add_resource(struct exchange *x, struct message *m, const json_t *v)
{
	static const char *const known[] = { "uri", "mimeType", "blob", NULL };
	static const char *const outer[] = { "type", "resource", NULL };
	const json_t *inner = json_object_get(v, "resource"), *r = inner ? inner : v;
	struct part *p;

	if (!json_is_text(json_object_get(r, "blob")))
		return false;
	p = message_part(x, m, kind_of(json_text(r, "mimeType")));
	set_json(&p->name, json_object_get(r, "uri"));
	part_base64(p, json_text(r, "mimeType"), json_text(r, "blob"));
	message_rest(x, m, r, known);
	if (inner)
		message_rest(x, m, v, outer);
	return true;
}

static bool add_binary(struct exchange *x, struct message *m, const json_t *v)
{
	static const char *const known[] = { "type", "data", "mimeType", NULL };
	bool image = json_is(v, "type", "image");

	if ((!image && !json_is(v, "type", "audio")) || !json_is_text(json_object_get(v, "data")))
		return add_resource(x, m, v);
	part_base64(message_part(x, m, image ? PART_IMAGE : PART_AUDIO), json_text(v, "mimeType"),
		    json_text(v, "data"));
	message_rest(x, m, v, known);
	return true;
}

/* ---- request ---- */

/* Only of old versions: the first of a batch is the record's. */
static void read_others(struct exchange *x, const json_t *body)
{
	const json_t *v;
	size_t i;

	json_array_foreach(body, i, v)
		if (i > 0)
			message_other(x, request_message(x, SPAN_LIT("client")), "message", v);
}

static void read_params(struct exchange *x, const json_t *v, const json_t *params)
{
	static const char *const known[] = { "name", "uri", "arguments", "inputResponses", NULL };
	const json_t *arguments = json_object_get(params, "arguments");
	struct message *m = request_message(x, SPAN_LIT("client"));
	struct part *p = message_part(x, m, arguments ? PART_TOOL_CALL : PART_OTHER);

	set_json(&p->id, json_object_get(v, "id"));
	set_string(arguments ? &p->name : &p->type_raw,
		   span_str(arguments ? x->rpc_name : "params"));
	if (!arguments) {
		result_content(x, m, params, add_binary);
		return;
	}
	part_json(p, arguments);
	request_rest(x, "params", params, known);
}

static void mcp_request(struct exchange *x, const json_t *body)
{
	const json_t *v = first_message(body), *params = json_object_get(v, "params");

	rpc_request_envelope(x, v);
	set_json(&x->rpc_name, json_object_get(params, json_has(params, "name") ? "name" : "uri"));
	compare_headers(x, v);
	read_task(x, params);
	if (json_object_size(params))
		read_params(x, v, params);
	if (json_has(params, "inputResponses") || json_has(params, "requestState"))
		read_input(x, params);
	read_others(x, body);
}

/* ---- answer ---- */

static void read_content(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "type", "text", "data", "mimeType", NULL };
	struct span type = json_text(v, "type");
	struct part *p;

	if (json_is_text(v)) {
		answer_text(x, 0, PART_TEXT, json_span(v));
	} else if (span_eq(type, SPAN_LIT("text"))) {
		answer_text(x, 0, PART_TEXT, json_text(v, "text"));
		answer_rest(x, 0, v, known);
	} else if (span_eq(type, SPAN_LIT("image")) || span_eq(type, SPAN_LIT("audio"))) {
		p = answer_part(x, 0, span_eq(type, SPAN_LIT("image")) ? PART_IMAGE : PART_AUDIO,
				-1);
		part_base64(p, json_text(v, "mimeType"), json_text(v, "data"));
		answer_rest(x, 0, v, known);
	} else if (!add_resource(x, &answer_choice(x, 0)->msg, v)) {
		p = answer_part(x, 0, PART_OTHER, -1);
		set_string(&p->type_raw, type);
		part_json(p, v);
	}
}

static void read_result(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "content", "structuredContent", "isError",
					     "resultType", NULL };
	const json_t *content = json_object_get(v, "content"), *item;
	struct part *p;
	size_t i;

	set_string(&answer_choice(x, 0)->msg.role, SPAN_LIT("server"));
	if (json_is(v, "resultType", "input_required")) {
		read_input_required(x, v);
		return;
	}
	read_task(x, v);
	x->rpc_failed |= json_is_true(json_object_get(v, "isError"));
	if (json_is_text(content))
		read_content(x, content);
	json_each(content, i, item)
		read_content(x, item);
	if (!content || json_has(v, "structuredContent")) {
		p = answer_part(x, 0, PART_OTHER, -1);
		set_string(&p->type_raw, content ? SPAN_LIT("structured") : SPAN_LIT("result"));
		if (content)
			part_json(p, json_object_get(v, "structuredContent"));
		else
			result_content(x, &answer_choice(x, 0)->msg, v, add_binary);
	}
	if (content)
		answer_rest(x, 0, v, known);
}

/* Progress and log messages precede the result. */
static void read_notice(struct exchange *x, const json_t *v)
{
	const json_t *params = json_object_get(v, "params");
	const json_t *message =
		json_object_get(params, json_has(params, "message") ? "message" : "data");
	struct part *p = answer_part(x, 0, PART_OTHER, -1);

	if (span_starts(json_text(v, "method"), SPAN_LIT("notifications/tasks")))
		read_task(x, params);
	set_json(&p->type_raw, json_object_get(v, "method"));
	if (!x->request_parsed && !x->rpc_method)
		set_json(&x->rpc_method, json_object_get(v, "method"));
	part_json(p, message ? message : params);
}

static void mcp_response(struct exchange *x, const json_t *body)
{
	const json_t *v = first_message(body), *e = json_object_get(v, "error");

	if (json_has(v, "result"))
		read_result(x, json_object_get(v, "result"));
	else if (json_is_object(e))
		rpc_error(x, e);
	else if (json_has(v, "method"))
		read_notice(x, v);
	else
		answer_error_of(x, v);
	answer_rest(x, 0, v, rpc_envelope);
}

static void mcp_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	mcp_response(x, data);
}

static bool is_mcp_request(const json_t *body)
{
	const json_t *v = first_message(body);
	struct span method = json_text(v, "method");

	if (!json_is(v, "jsonrpc", "2.0"))
		return false;
	/* ACP's version is a number (acp.c). */
	if (span_eq(method, SPAN_LIT("initialize")))
		return !json_is_integer(json_at2(v, "params", "protocolVersion"));
	return method_is_mcp(method) || json_has(json_at2(v, "params", "_meta"), version_key);
}

const struct dialect dialect_mcp = {
	.name = "mcp",
	.kind = EXCHANGE_MCP,
	.proves_request = is_mcp_request,
	.proves_response = is_mcp_request, /* what a server says by itself */
	.request = mcp_request,
	.response = mcp_response,
	.event = mcp_event,
};
