/* SPDX-License-Identifier: MIT */
/* Augment's /chat-stream, which its editors and Auggie call: as the programs themselves write and
 * read it (November 2026). Requests and answers have nodes beside their text; a node of an answer
 * holds a piece of that text again, or a call of a tool, or counts. */
#include "json/read.h"
#include "llm/dialect.h"
#include "llm/dialects/generic.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"

/* ---- request ---- */

static void read_result(struct exchange *x, struct message *m, const json_t *v)
{
	static const char *const known[] = { "tool_use_id", "content", "content_nodes", "is_error",
					     NULL };
	struct part *p = message_part(x, m, PART_TOOL_RESULT);

	set_json(&p->id, json_object_get(v, "tool_use_id"));
	part_json(p, json_either(v, "content_nodes", "content"));
	message_rest(x, m, v, known);
}

static void read_node(struct exchange *x, struct message *m, const json_t *v)
{
	static const char *const known[] = { "id",	   "type", "text_node", "tool_result_node",
					     "image_node", NULL };
	static const char *const known_text[] = { "content", NULL };
	static const char *const known_image[] = { "image_data", "format", NULL };
	const json_t *image = json_object_get(v, "image_node");
	struct span text = json_text(json_object_get(v, "text_node"), "content");

	/* The text stands beside the nodes too. */
	if (text.len && !m->nparts)
		message_text(x, m, PART_TEXT, text);
	if (json_has(v, "tool_result_node"))
		read_result(x, m, json_object_get(v, "tool_result_node"));
	if (image)
		part_base64(message_part(x, m, PART_IMAGE), span_of(NULL, 0),
			    json_text(image, "image_data"));
	message_rest(x, m, json_object_get(v, "text_node"), known_text);
	message_rest(x, m, image, known_image);
	message_rest(x, m, v, known);
}

static void read_asked(struct exchange *x, const json_t *text, const json_t *nodes)
{
	struct message *m = request_message(x, SPAN_LIT("user"));
	const json_t *v;
	size_t i;

	if (json_span(text).len)
		message_text(x, m, PART_TEXT, json_span(text));
	json_array_foreach(nodes, i, v)
		read_node(x, m, v);
}

static void read_call(struct part *p, const json_t *v)
{
	set_json(&p->id, json_object_get(v, "tool_use_id"));
	set_json(&p->name, json_object_get(v, "tool_name"));
	part_json(p, json_object_get(v, "input_json"));
}

static const char *const call_members[] = { "tool_use_id", "tool_name", "input_json", NULL };

static void read_answered(struct exchange *x, const json_t *text, const json_t *nodes)
{
	static const char *const known[] = { "id", "type", "content", "tool_use", NULL };
	struct message *m = request_message(x, SPAN_LIT("assistant"));
	const json_t *v;
	size_t i;

	if (json_span(text).len)
		message_text(x, m, PART_TEXT, json_span(text));
	json_array_foreach(nodes, i, v) {
		if (json_has(v, "tool_use"))
			read_call(message_part(x, m, PART_TOOL_CALL),
				  json_object_get(v, "tool_use"));
		message_rest(x, m, json_object_get(v, "tool_use"), call_members);
		message_rest(x, m, v, known);
	}
}

static void read_tool(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "name", "description", "input_schema_json",
					     "tool_safety", NULL };
	struct tool *t = request_function(x, v, v, "input_schema");
	bool partial;
	json_t *schema = json_read(builder_limits(x), json_text(v, "input_schema_json"), &partial);

	if (schema && !t->schema)
		t->schema = schema;
	else
		json_decref(schema);
	request_rest(x, "tool_definitions", v, known);
}

static void augment_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "model", "message",	  "chat_history",
					     "nodes", "tool_definitions", "system_prompt",
					     NULL };
	static const char *const known_turn[] = { "request_message", "response_text",  "request_id",
						  "request_nodes",   "response_nodes", NULL };
	const json_t *v;
	size_t i;

	set_json(&x->model_asked, json_object_get(body, "model"));
	x->stream_requested = true;
	if (json_text(body, "system_prompt").len)
		message_text(x, request_system(x), PART_TEXT, json_text(body, "system_prompt"));
	json_array_foreach(json_object_get(body, "chat_history"), i, v) {
		request_rest(x, "chat_history", v, known_turn);
		read_asked(x, json_object_get(v, "request_message"),
			   json_object_get(v, "request_nodes"));
		read_answered(x, json_object_get(v, "response_text"),
			      json_object_get(v, "response_nodes"));
	}
	read_asked(x, json_object_get(body, "message"), json_object_get(body, "nodes"));
	json_array_foreach(json_object_get(body, "tool_definitions"), i, v)
		read_tool(x, v);
	request_params(x, body, known);
}

/* ---- answer ---- */

/* Numbers of the protocol's reasons to stop. */
static void read_stop(struct exchange *x, const json_t *v)
{
	static const enum finish finishes[] = { FINISH_NONE,	       FINISH_STOP,
						FINISH_LENGTH,	       FINISH_TOOL_CALL,
						FINISH_CONTENT_FILTER, FINISH_CONTENT_FILTER,
						FINISH_ERROR };
	int n = json_index(v, "stop_reason", 0);
	char raw[16];

	if (n <= 0)
		return;
	snprintf(raw, sizeof(raw), "%d", n);
	answer_finish(x, 0, span_str(raw),
		      n < (int)(sizeof(finishes) / sizeof(*finishes)) ? finishes[n] : FINISH_OTHER);
}

static void read_counts(struct exchange *x, const json_t *v)
{
	if (!v)
		return;
	usage_raw(x, v);
	generic_usage(x, v);
	usage_count(&x->usage.cached_read, json_object_get(v, "cache_read_input_tokens"));
	usage_count(&x->usage.cache_write_5m, json_object_get(v, "cache_creation_input_tokens"));
}

static void answer_node(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "id",	 "type",	"content", "tool_use",
					     "thinking", "token_usage", NULL };
	const json_t *call = json_object_get(v, "tool_use"),
		     *thought = json_object_get(v, "thinking");
	static const char *const known_thought[] = { "content", "summary", NULL };
	struct part *p;

	if (call) {
		p = answer_part(x, 0, PART_TOOL_CALL, -1);
		read_call(p, call);
		answer_shown(x, 0, p);
	}
	answer_rest(x, 0, call, call_members);
	answer_text(x, 0, PART_REASONING, json_span(json_either(thought, "content", "summary")));
	answer_rest(x, 0, thought, known_thought);
	read_counts(x, json_object_get(v, "token_usage"));
	answer_rest(x, 0, v, known);
}

static void augment_response(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "text", "nodes", "stop_reason", "error", NULL };
	const json_t *v;
	size_t i;

	if (answer_error_of(x, body))
		return;
	if (!json_has(body, "text") && !json_has(body, "nodes")) {
		generic_piece(x, body); /* others have such a path too */
		return;
	}
	answer_text(x, 0, PART_TEXT, json_text(body, "text"));
	json_array_foreach(json_object_get(body, "nodes"), i, v)
		answer_node(x, v);
	read_stop(x, body);
	answer_rest(x, 0, body, known);
}

static void augment_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	augment_response(x, data);
}

static bool suits_augment(const json_t *body)
{
	return json_is_text(json_object_get(body, "message")) ||
	       json_is_array(json_object_get(body, "nodes"));
}

const struct dialect dialect_augment = {
	.name = "augment.chat",
	.plausible_request = suits_augment,
	.request = augment_request,
	.response = augment_response,
	.event = augment_event,
};
