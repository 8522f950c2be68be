/* SPDX-License-Identifier: MIT */
/* Agent Client Protocol: an editor, or whoever else drives an agent, and the agent
 * (agentclientprotocol.com, protocol/schema; read November 2026). JSON-RPC 2.0, in both directions.
 * A prompt's answer comes as notifications (session/update) before its result, which says only why
 * it ended. Kind `acp`. */
#include "llm/dialect.h"
#include "llm/json.h"
#include "llm/rest.h"
#include "llm/rpc.h"

static bool method_is_acp(struct span method)
{
	static const struct span starts[] = { SPAN_LIT("session/"), SPAN_LIT("fs/"),
					      SPAN_LIT("terminal/") };

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (span_starts(method, starts[i]))
			return true;
	return span_eq(method, SPAN_LIT("authenticate"));
}

/* The version of MCP is a date, that of ACP a number. */
static bool is_acp_request(const json_t *v)
{
	struct span method = json_text(v, "method");

	if (!json_is(v, "jsonrpc", "2.0"))
		return false;
	if (span_eq(method, SPAN_LIT("initialize")))
		return json_is_integer(json_at2(v, "params", "protocolVersion"));
	return method_is_acp(method);
}

/* ---- content ---- */

static const char *const text_members[] = { "type", "text", "annotations", NULL };

/* One block of a prompt. */
static void read_block(struct exchange *x, struct message *m, const json_t *v)
{
	struct span type = json_text(v, "type");
	bool image = span_eq(type, SPAN_LIT("image"));
	struct part *p;

	if (span_eq(type, SPAN_LIT("text"))) {
		message_text(x, m, PART_TEXT, json_text(v, "text"));
		message_rest(x, m, v, text_members);
	} else if (image || span_eq(type, SPAN_LIT("audio"))) {
		p = message_part(x, m, image ? PART_IMAGE : PART_AUDIO);
		part_base64(p, json_text(v, "mimeType"), json_text(v, "data"));
	} else {
		p = message_part(x, m, PART_OTHER);
		set_string(&p->type_raw, type);
		part_json(p, v);
	}
}

/* What a request is about. */
static const json_t *subject_of(const json_t *params)
{
	static const char *const members[] = { "path",	  "command",  "terminalId", "modeId",
					       "modelId", "methodId", NULL };

	for (size_t i = 0; members[i]; i++)
		if (json_has(params, members[i]))
			return json_object_get(params, members[i]);
	return json_at2(params, "toolCall", "title");
}

static void acp_request(struct exchange *x, const json_t *v)
{
	static const char *const params_members[] = { "prompt", "sessionId", NULL };
	const json_t *params = json_object_get(v, "params");
	const json_t *prompt = json_object_get(params, "prompt");
	struct part *p;

	rpc_request_envelope(x, v);
	set_json(&x->rpc_name, subject_of(params));
	if (!json_object_size(params))
		return;
	if (json_is_array(prompt)) {
		request_content(x, request_message(x, SPAN_LIT("user")), prompt, read_block);
		request_param(x, "sessionId", json_object_get(params, "sessionId"));
		request_rest(x, "params", params, params_members);
		return;
	}
	p = message_part(x, request_message(x, SPAN_LIT("client")), PART_OTHER);
	set_string(&p->type_raw, SPAN_LIT("params"));
	part_json(p, params);
}

/* ---- the answer ---- */

static void other_part(struct exchange *x, struct span type, const json_t *v)
{
	struct part *p = answer_part(x, 0, PART_OTHER, NO_SLOT);

	set_string(&p->type_raw, type);
	part_json(p, v);
}

static void read_chunk(struct exchange *x, enum part_kind kind, const json_t *update)
{
	const json_t *content = json_object_get(update, "content");

	if (json_is(content, "type", "text"))
		answer_text(x, 0, kind, json_text(content, "text"));
	else
		other_part(x, json_text(content, "type"), content);
}

/* A tool that the agent calls itself. */
static void read_tool_call(struct exchange *x, const json_t *update)
{
	struct part *p = answer_part(x, 0, PART_TOOL_CALL, NO_SLOT);
	const char *name = json_has(update, "title") ? "title" : "kind";

	set_json(&p->id, json_object_get(update, "toolCallId"));
	set_json(&p->name, json_object_get(update, name));
	if (json_has(update, "rawInput"))
		part_json(p, json_object_get(update, "rawInput"));
	answer_shown(x, 0, p);
}

/* What has changed of a call, and in the end what came of it. */
static void read_tool_update(struct exchange *x, const json_t *update)
{
	static const char *const results[] = { "rawOutput", "content", NULL };
	struct part *p = answer_part(x, 0, PART_TOOL_RESULT, NO_SLOT);
	const json_t *v = update;

	for (size_t i = 0; results[i] && v == update; i++)
		if (json_has(update, results[i]))
			v = json_object_get(update, results[i]);
	set_json(&p->id, json_object_get(update, "toolCallId"));
	set_json(&p->name, json_object_get(update, "title"));
	p->is_error = json_is(update, "status", "failed");
	part_json(p, v);
	answer_shown(x, 0, p);
}

static void read_update(struct exchange *x, const json_t *update)
{
	struct span kind = json_text(update, "sessionUpdate");

	if (span_eq(kind, SPAN_LIT("agent_message_chunk")))
		read_chunk(x, PART_TEXT, update);
	else if (span_eq(kind, SPAN_LIT("agent_thought_chunk")))
		read_chunk(x, PART_REASONING, update);
	else if (span_eq(kind, SPAN_LIT("tool_call")))
		read_tool_call(x, update);
	else if (span_eq(kind, SPAN_LIT("tool_call_update")))
		read_tool_update(x, update);
	else
		other_part(x, kind, update);
}

static const struct finish_row finishes[] = {
	{ "end_turn", FINISH_STOP },
	{ "max_tokens", FINISH_LENGTH },
	{ "max_turn_requests", FINISH_LENGTH },
	{ "refusal", FINISH_CONTENT_FILTER },
	{ "cancelled", FINISH_OTHER },
};

static void read_result(struct exchange *x, const json_t *result)
{
	static const char *const known[] = { "stopReason", NULL };
	struct span reason = json_text(result, "stopReason");

	if (!reason.len) {
		other_part(x, SPAN_LIT("result"), result);
		return;
	}
	answer_finish(x, 0, reason,
		      finish_of(reason, finishes, sizeof(finishes) / sizeof(*finishes)));
	answer_rest(x, 0, result, known);
}

static void acp_response(struct exchange *x, const json_t *v)
{
	const json_t *e = json_object_get(v, "error");

	set_string(&answer_choice(x, 0)->msg.role,
		   x->is_server ? SPAN_LIT("client") : SPAN_LIT("agent"));
	if (json_has(v, "method"))
		read_update(x, json_at2(v, "params", "update"));
	else if (json_is_object(e))
		rpc_error(x, e);
	else
		read_result(x, json_object_get(v, "result"));
	answer_rest(x, 0, v, rpc_envelope);
}

static void acp_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	acp_response(x, data);
}

const struct dialect dialect_acp = {
	.name = "acp",
	.kind = EXCHANGE_ACP,
	.proves_request = is_acp_request,
	.request = acp_request,
	.response = acp_response,
	.event = acp_event,
};
