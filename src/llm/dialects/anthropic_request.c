/* SPDX-License-Identifier: MIT */
/* Requests of Anthropic Messages, and what their blocks have in common with those of answers. */
#include "llm/dialects/anthropic.h"
#include "llm/json.h"
#include "llm/rest.h"
#include "llm/result.h"

bool block_is(struct span type, const char *name)
{
	return span_eq(type, span_str(name));
}

bool block_is_call(struct span type)
{
	return block_is(type, "tool_use") || block_is(type, "server_tool_use") ||
	       block_is(type, "mcp_tool_use");
}

bool block_is_result(struct span type)
{
	return span_ends(type, SPAN_LIT("tool_result"));
}

static void read_source(struct part *p, const json_t *source)
{
	struct span type = json_text(source, "type");

	if (block_is(type, "base64")) {
		part_base64(p, json_text(source, "media_type"), json_text(source, "data"));
		return;
	}
	set_string(&p->media_type, json_text(source, "media_type"));
	set_json(&p->id, json_object_get(source, "file_id"));
	buf_add(&p->text,
		block_is(type, "url") ? json_text(source, "url") : json_text(source, "data"));
}

void block_read_call(struct part *p, const json_t *v)
{
	set_json(&p->id, json_object_get(v, "id"));
	set_json(&p->name, json_object_get(v, "name"));
	if (!json_is(v, "type", "tool_use"))
		set_json(&p->type_raw, json_object_get(v, "type"));
}

static void read_block(struct exchange *x, struct message *m, const json_t *v);

/* A file, or blocks to be cited from. */
static void read_document(struct exchange *x, struct message *m, const json_t *v)
{
	const json_t *source = json_object_get(v, "source");
	struct part *p = message_part(x, m, PART_FILE);

	set_json(&p->name, json_object_get(v, "title"));
	read_source(p, source);
	if (json_has(source, "content"))
		request_content(x, m, json_object_get(source, "content"), read_block);
	if (json_has(v, "context"))
		message_text(x, m, PART_TEXT, json_text(v, "context"));
}

const char *const block_members[] = {
	"type",	  "text",	 "thinking",	"source",   "title",   "context",	"id",
	"name",	  "input",	 "tool_use_id", "is_error", "content", "cache_control", "signature",
	"caller", "server_name", "citations",	NULL,
};

bool block_read_binary(struct exchange *x, struct message *m, const json_t *v)
{
	struct span type = json_text(v, "type");

	if (block_is(type, "image"))
		read_source(message_part(x, m, PART_IMAGE), json_object_get(v, "source"));
	else if (block_is(type, "document"))
		read_document(x, m, v);
	else
		return false;
	return true;
}

static void read_result(struct exchange *x, struct message *m, const json_t *v)
{
	struct part *p = message_part(x, m, PART_TOOL_RESULT);

	if (!json_is(v, "type", "tool_result"))
		set_json(&p->type_raw, json_object_get(v, "type"));
	set_json(&p->id, json_object_get(v, "tool_use_id"));
	p->is_error = json_is_true(json_object_get(v, "is_error"));
	result_content(x, m, json_object_get(v, "content"), block_read_binary);
}

static void read_block(struct exchange *x, struct message *m, const json_t *v)
{
	struct span type = json_text(v, "type");
	struct part *p;

	if (json_is_text(v)) {
		message_text(x, m, PART_TEXT, json_span(v));
	} else if (block_is(type, "text") || (!type.len && json_text(v, "text").len)) {
		message_text(x, m, PART_TEXT, json_text(v, "text"));
	} else if (block_is(type, "thinking")) {
		message_text(x, m, PART_REASONING, json_text(v, "thinking"));
	} else if (block_is_call(type)) {
		p = message_part(x, m, PART_TOOL_CALL);
		block_read_call(p, v);
		part_json(p, json_object_get(v, "input"));
	} else if (block_is_result(type)) {
		read_result(x, m, v);
	} else if (!block_read_binary(x, m, v)) {
		message_other(x, m, type.len ? (const char *)type.ptr : "unknown", v);
		return;
	}
	message_rest(x, m, v, block_members);
}

static void read_message(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "role", "content", NULL };
	struct message *m = request_message(x, json_text(v, "role"));

	request_content(x, m, json_object_get(v, "content"), read_block);
	message_rest(x, m, v, known);
}

static void read_tool(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "name",	     "type",	      "description",
					     "input_schema", "cache_control", NULL };
	struct tool *t = request_function(x, v, v, "input_schema");

	request_rest(x, "tools", v, known);
	t = &x->tools[x->ntools - 1];
	if (!t->type)
		set_string(&t->type, SPAN_LIT("custom"));
	if (!t->name)
		set_string(&t->name, span_str(t->type));
}

void anthropic_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = {
		"model", "messages", "system", "tools", "stream", NULL
	};
	const json_t *messages = json_object_get(body, "messages"), *v;
	size_t i;

	set_json(&x->model_asked, json_object_get(body, "model"));
	x->stream_requested = json_is_true(json_object_get(body, "stream"));
	if (json_has(body, "system"))
		request_content(x, request_system(x), json_object_get(body, "system"), read_block);
	if (json_is_object(messages))
		read_message(x, messages);
	json_array_foreach(messages, i, v)
		read_message(x, v);
	json_array_foreach(json_object_get(body, "tools"), i, v)
		read_tool(x, v);
	request_params(x, body, known);
}
