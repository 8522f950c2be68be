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

/* By the name of its type; without one, by what it has. */
enum part_kind block_kind(const json_t *v)
{
	struct span type = json_text(v, "type");

	if (block_is(type, "text"))
		return PART_TEXT;
	if (block_is(type, "thinking"))
		return PART_REASONING;
	if (block_is_call(type))
		return PART_TOOL_CALL;
	if (block_is_result(type))
		return PART_TOOL_RESULT;
	if (block_is(type, "container_upload"))
		return PART_FILE;
	if (block_is(type, "image") && json_is_object(json_object_get(v, "source")))
		return PART_IMAGE;
	if (type.len)
		return PART_OTHER;
	return json_is_text(json_object_get(v, "text"))	      ? PART_TEXT
	       : json_is_text(json_object_get(v, "thinking")) ? PART_REASONING
	       : json_has(v, "name") && json_has(v, "input")  ? PART_TOOL_CALL
	       : json_has(v, "tool_use_id")		      ? PART_TOOL_RESULT
							      : PART_OTHER;
}

/* Of a summary of earlier messages, which is no answer, too. */
struct span block_text(const json_t *v)
{
	return json_text(v, json_is(v, "type", "compaction") ? "content" : "text");
}

void block_set_type(struct part *p, const json_t *v)
{
	if (!json_is(v, "type", "text"))
		set_json(&p->type_raw, json_object_get(v, "type"));
}

void block_read_source(struct part *p, const json_t *source)
{
	struct span type = json_text(source, "type");

	if (block_is(type, "base64")) {
		part_base64(p, json_text(source, "media_type"), json_text(source, "data"));
		return;
	}
	set_string(&p->media_type, json_text(source, "media_type"));
	set_json(&p->id, json_object_get(source, "file_id"));
	if (block_is(type, "url"))
		part_url(p, json_text(source, "url"));
	else
		buf_add(&p->text, json_text(source, "data"));
}

void block_read_call(struct part *p, const json_t *v)
{
	set_json(&p->id, json_object_get(v, "id"));
	set_json(&p->name, json_object_get(v, "name"));
	if (!json_is(v, "type", "tool_use") && json_has(v, "type"))
		set_json(&p->type_raw, json_object_get(v, "type"));
}

static void read_block(struct exchange *x, struct message *m, const json_t *v);

void block_content(struct exchange *x, struct message *m, const json_t *content)
{
	request_content(x, m, content, read_block);
}

/* A file, or blocks to be cited from. */
static void read_document(struct exchange *x, struct message *m, const json_t *v)
{
	const json_t *source = json_object_get(v, "source");
	struct part *p = message_part(x, m, PART_FILE);

	set_json(&p->name, json_object_get(v, "title"));
	block_read_source(p, source);
	if (json_has(source, "content"))
		request_content(x, m, json_object_get(source, "content"), read_block);
	if (json_has(v, "context"))
		message_text(x, m, PART_TEXT, json_text(v, "context"));
}

const char *const *block_known(const json_t *v)
{
	static const char *const known[] = {
		"caller",   "type",    "text",		"thinking",  "source",	  "title",
		"context",  "id",      "name",		"input",     "file_id",	  "tool_use_id",
		"is_error", "content", "cache_control", "signature", "citations", NULL,
	};

	/* A call by the model itself needs no word; one by a program that it wrote does. */
	return json_is(json_object_get(v, "caller"), "type", "direct") ? known : known + 1;
}

bool block_read_binary(struct exchange *x, struct message *m, const json_t *v)
{
	struct span type = json_text(v, "type");

	static const char *const known[] = { "type",	"media_type", "data", "url",
					     "file_id", "content",    NULL };

	if (!json_is_object(json_object_get(v, "source")))
		return false;
	if (block_is(type, "image"))
		block_read_source(message_part(x, m, PART_IMAGE), json_object_get(v, "source"));
	else if (block_is(type, "document"))
		read_document(x, m, v);
	else
		return false;
	message_rest(x, m, json_object_get(v, "source"), known);
	return true;
}

bool block_add_binary(struct exchange *x, struct message *m, const json_t *v)
{
	if (!block_read_binary(x, m, v))
		return false;
	message_rest(x, m, v, block_known(v));
	return true;
}

void block_read_result(struct exchange *x, struct message *m, const json_t *v)
{
	struct part *p = &m->parts[m->nparts - 1];
	const json_t *content = json_object_get(v, "content");

	if (!json_is(v, "type", "tool_result"))
		set_json(&p->type_raw, json_object_get(v, "type"));
	set_json(&p->id, json_object_get(v, "tool_use_id"));
	p->is_error = json_is_true(json_object_get(v, "is_error")) ||
		      span_ends(json_text(content, "type"), SPAN_LIT("_error"));
	result_content(x, m, content, block_add_binary);
}

/* Words to be cited from, that the client found. */
static void read_found(struct exchange *x, struct message *m, const json_t *v)
{
	struct part *p = message_part(x, m, PART_FILE);

	block_set_type(p, v);
	set_json(&p->name, json_object_get(v, "title"));
	buf_add(&p->text, json_text(v, "source"));
	request_content(x, m, json_object_get(v, "content"), read_block);
}

static void read_block(struct exchange *x, struct message *m, const json_t *v)
{
	struct span type = json_text(v, "type");
	enum part_kind kind = json_is_text(v) ? PART_TEXT : block_kind(v);
	struct part *p;

	switch (kind) {
	case PART_TEXT:
		p = message_text(x, m, kind, json_is_text(v) ? json_span(v) : block_text(v));
		block_set_type(p, v);
		break;
	case PART_REASONING:
		message_text(x, m, kind, json_text(v, "thinking"));
		break;
	case PART_TOOL_CALL:
		p = message_part(x, m, kind);
		block_read_call(p, v);
		part_json(p, json_object_get(v, "input"));
		break;
	case PART_TOOL_RESULT:
		message_part(x, m, kind);
		block_read_result(x, m, v);
		break;
	case PART_FILE:
		p = message_part(x, m, kind);
		block_set_type(p, v);
		set_json(&p->id, json_object_get(v, "file_id"));
		break;
	default:
		if (block_is(type, "search_result")) {
			read_found(x, m, v);
		} else if (block_is(type, "compaction")) {
			p = message_text(x, m, kind, block_text(v));
			block_set_type(p, v);
		} else if (!block_read_binary(x, m, v)) {
			message_other(x, m, type.len ? (const char *)type.ptr : "unknown", v);
			return;
		}
	}
	message_rest(x, m, v, block_known(v));
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
	json_each(messages, i, v)
		read_message(x, v);
	json_each(json_object_get(body, "tools"), i, v)
		read_tool(x, v);
	request_params(x, body, known);
}
