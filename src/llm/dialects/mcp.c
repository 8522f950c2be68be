/* SPDX-License-Identifier: MIT */
/* Model Context Protocol over HTTP and over pipes, and other JSON-RPC 2.0 of agents:
 * modelcontextprotocol.io/specification (basic/transports, server/tools; read November 2026). These
 * are no model calls, but agents acting on a model's answers: kind `mcp`, with method, tool,
 * arguments and result. */
#include <stdlib.h>

#include "llm/dialect.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"

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

static const char *const envelope_members[] = { "jsonrpc", "id",    "method", "params",
						"result",  "error", NULL };

static const json_t *first_message(const json_t *body)
{
	return json_is_array(body) ? json_array_get(body, 0) : body;
}

static void mcp_request(struct exchange *x, const json_t *body)
{
	static const char *const params_members[] = { "name", "uri", "arguments", NULL };
	const json_t *v = first_message(body), *params = json_object_get(v, "params");
	const json_t *arguments = json_object_get(params, "arguments");
	const char *target = json_has(params, "name") ? "name" : "uri";
	struct part *p;

	set_json(&x->rpc_method, json_object_get(v, "method"));
	set_json(&x->rpc_name, json_object_get(params, target));
	request_rest(x, "message", v, envelope_members);
	if (!json_object_size(params))
		return;
	p = message_part(x, request_message(x, SPAN_LIT("client")),
			 arguments ? PART_TOOL_CALL : PART_OTHER);
	set_json(&p->id, json_object_get(v, "id"));
	set_string(arguments ? &p->name : &p->type_raw,
		   span_str(arguments ? x->rpc_name : "params"));
	part_json(p, arguments ? arguments : params);
	if (arguments)
		request_rest(x, "params", params, params_members);
}

static void read_content(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "type", "text", "data", "mimeType", NULL };
	struct span type = json_text(v, "type");
	struct part *p;

	if (span_eq(type, SPAN_LIT("text"))) {
		answer_text(x, 0, PART_TEXT, json_text(v, "text"));
		answer_rest(x, 0, v, known);
	} else if (span_eq(type, SPAN_LIT("image")) || span_eq(type, SPAN_LIT("audio"))) {
		p = answer_part(x, 0, span_eq(type, SPAN_LIT("image")) ? PART_IMAGE : PART_AUDIO,
				-1);
		part_base64(p, json_text(v, "mimeType"), json_text(v, "data"));
		answer_rest(x, 0, v, known);
	} else {
		p = answer_part(x, 0, PART_OTHER, -1);
		set_string(&p->type_raw, type);
		part_json(p, v);
	}
}

static void read_result(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "content", "structuredContent", "isError", NULL };
	const json_t *content = json_object_get(v, "content"), *item;
	struct part *p;
	size_t i;

	x->rpc_failed = json_is_true(json_object_get(v, "isError"));
	set_string(&answer_choice(x, 0)->msg.role, SPAN_LIT("server"));
	json_array_foreach(content, i, item)
		read_content(x, item);
	if (!content || json_has(v, "structuredContent")) {
		p = answer_part(x, 0, PART_OTHER, -1);
		set_string(&p->type_raw, content ? SPAN_LIT("structured") : SPAN_LIT("result"));
		part_json(p, content ? json_object_get(v, "structuredContent") : v);
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
		answer_error(x, NULL, json_object_get(e, "code"), json_object_get(e, "message"));
	else if (json_has(v, "method"))
		read_notice(x, v);
	else
		answer_error_of(x, v);
	answer_rest(x, 0, v, envelope_members);
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
	return method_is_mcp(method);
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
