/* SPDX-License-Identifier: MIT */
/* Anthropic Messages: docs.anthropic.com/en/api/messages and .../streaming (read November 2026).
 * Content is a list of blocks. A stream announces each block and then sends its pieces. */
#include <stdlib.h>

#include "llm/dialect.h"
#include "json/write.h"
#include "llm/error.h"
#include "llm/json.h"

static const struct finish_row finishes[] = {
	{ "end_turn", FINISH_STOP },	  { "stop_sequence", FINISH_STOP },
	{ "max_tokens", FINISH_LENGTH },  { "model_context_window_exceeded", FINISH_LENGTH },
	{ "tool_use", FINISH_TOOL_CALL }, { "refusal", FINISH_CONTENT_FILTER },
	{ "pause_turn", FINISH_PAUSE },	  { "compaction", FINISH_PAUSE },
};

/* Kinds of blocks that requests and answers share. */
static bool block_is(struct span type, const char *name)
{
	return span_eq(type, span_str(name));
}

static bool is_call(struct span type)
{
	return block_is(type, "tool_use") || block_is(type, "server_tool_use") ||
	       block_is(type, "mcp_tool_use");
}

static bool is_result(struct span type)
{
	return span_ends(type, SPAN_LIT("tool_result"));
}

/* ---- request ---- */

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

static void read_result(struct part *p, const json_t *v)
{
	set_json(&p->id, json_object_get(v, "tool_use_id"));
	p->is_error = json_is_true(json_object_get(v, "is_error"));
	part_json(p, json_lone_text(json_object_get(v, "content")));
}

static void read_call(struct part *p, const json_t *v)
{
	set_json(&p->id, json_object_get(v, "id"));
	set_json(&p->name, json_object_get(v, "name"));
	if (!json_is(v, "type", "tool_use"))
		set_json(&p->type_raw, json_object_get(v, "type"));
}

static void read_block(struct exchange *x, struct message *m, const json_t *v)
{
	struct span type = json_text(v, "type");
	struct part *p;

	if (block_is(type, "text")) {
		message_text(x, m, PART_TEXT, json_text(v, "text"));
	} else if (block_is(type, "thinking")) {
		message_text(x, m, PART_REASONING, json_text(v, "thinking"));
	} else if (block_is(type, "image")) {
		read_source(message_part(x, m, PART_IMAGE), json_object_get(v, "source"));
	} else if (block_is(type, "document")) {
		p = message_part(x, m, PART_FILE);
		set_json(&p->name, json_object_get(v, "title"));
		read_source(p, json_object_get(v, "source"));
	} else if (is_call(type)) {
		p = message_part(x, m, PART_TOOL_CALL);
		read_call(p, v);
		part_json(p, json_object_get(v, "input"));
	} else if (is_result(type)) {
		p = message_part(x, m, PART_TOOL_RESULT);
		if (!block_is(type, "tool_result"))
			set_json(&p->type_raw, json_object_get(v, "type"));
		read_result(p, v);
	} else {
		message_other(x, m, type.len ? (const char *)type.ptr : "unknown", v);
	}
}

/* Content is a text or a list of blocks. */
static void read_tool(struct exchange *x, const json_t *v)
{
	struct tool *t = request_function(x, v, v, "input_schema");

	if (!t->type)
		set_string(&t->type, SPAN_LIT("custom"));
	if (!t->name)
		set_string(&t->name, span_str(t->type));
}

static void messages_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = {
		"model", "messages", "system", "tools", "stream", NULL
	};
	const json_t *v;
	size_t i;

	set_json(&x->model_asked, json_object_get(body, "model"));
	x->stream_requested = json_is_true(json_object_get(body, "stream"));
	if (json_has(body, "system"))
		request_content(x, request_system(x), json_object_get(body, "system"), read_block);
	json_array_foreach(json_object_get(body, "messages"), i, v)
		request_content(x, request_message(x, json_text(v, "role")),
				json_object_get(v, "content"), read_block);
	json_array_foreach(json_object_get(body, "tools"), i, v)
		read_tool(x, v);
	request_params(x, body, known);
}

/* ---- usage ---- */

/* Each field replaces its earlier value, because a stream states running totals. */
static void read_usage(struct exchange *x, const json_t *v)
{
	struct usage *u = &x->usage;
	int64_t plain = COUNT_UNKNOWN, written = COUNT_UNKNOWN;
	const json_t *raw, *by_life;

	if (!json_is_object(v))
		return;
	usage_raw(x, v);
	raw = x->usage.raw;
	set_json(&x->service_tier, json_object_get(raw, "service_tier"));
	if (json_is(raw, "speed", "fast"))
		set_json(&x->service_tier, json_object_get(raw, "speed"));
	by_life = json_object_get(raw, "cache_creation");
	usage_count(&plain, json_object_get(raw, "input_tokens"));
	usage_count(&u->cached_read, json_object_get(raw, "cache_read_input_tokens"));
	usage_count(&written, json_object_get(raw, "cache_creation_input_tokens"));
	usage_count(&u->output, json_object_get(raw, "output_tokens"));
	usage_count(&u->reasoning, json_at2(raw, "output_tokens_details", "thinking_tokens"));
	if (json_is_object(by_life)) {
		usage_count(&u->cache_write_5m,
			    json_object_get(by_life, "ephemeral_5m_input_tokens"));
		usage_count(&u->cache_write_1h,
			    json_object_get(by_life, "ephemeral_1h_input_tokens"));
	} else if (written != COUNT_UNKNOWN) {
		u->cache_write_5m = written; /* the default lifetime */
	}
	/* input_tokens excludes tokens read from or written to the cache. */
	if (plain != COUNT_UNKNOWN)
		u->input = plain + (u->cached_read > 0 ? u->cached_read : 0) +
			   (written > 0 ? written : 0);
}

/* ---- answer ---- */

static void read_stop(struct exchange *x, const json_t *v)
{
	struct span raw = json_text(v, "stop_reason");

	if (raw.len)
		answer_finish(x, 0, raw,
			      finish_of(raw, finishes, sizeof(finishes) / sizeof(*finishes)));
}

static void read_envelope(struct exchange *x, const json_t *message)
{
	set_json(&x->response_id, json_object_get(message, "id"));
	set_json(&x->model_answered, json_object_get(message, "model"));
	read_usage(x, json_object_get(message, "usage"));
	read_stop(x, message);
}

static enum part_kind kind_of(struct span type)
{
	if (block_is(type, "text"))
		return PART_TEXT;
	if (block_is(type, "thinking"))
		return PART_REASONING;
	if (is_call(type))
		return PART_TOOL_CALL;
	return is_result(type) ? PART_TOOL_RESULT : PART_OTHER;
}

/* A block of a whole answer, or the announcement of a block in a stream. In a stream its input is
 * empty and follows in pieces. */
static void answer_block(struct exchange *x, int slot, const json_t *v, bool announced)
{
	struct span type = json_text(v, "type");
	enum part_kind kind = kind_of(type);
	struct part *p = answer_part(x, 0, kind, slot);
	const json_t *input = json_object_get(v, "input");
	char *text = NULL;

	switch (kind) {
	case PART_TEXT:
		answer_append(x, 0, p, json_text(v, "text"));
		break;
	case PART_REASONING:
		answer_append(x, 0, p, json_text(v, "thinking"));
		break;
	case PART_TOOL_CALL:
		read_call(p, v);
		if (!announced || json_object_size(input) > 0)
			text = json_write_text(input);
		answer_append(x, 0, p, span_str(text));
		break;
	case PART_TOOL_RESULT:
		set_string(&p->type_raw, type);
		read_result(p, v);
		break;
	default:
		set_string(&p->type_raw, type);
		part_json(p, v);
		break;
	}
	free(text);
}

static void messages_response(struct exchange *x, const json_t *body)
{
	const json_t *v;
	size_t i;

	if (json_is(body, "type", "error") || !json_has(body, "content")) {
		answer_error_of(x, body);
		if (!x->request_id)
			set_json(&x->request_id, json_object_get(body, "request_id"));
		return;
	}
	answer_choice(x, 0);
	json_array_foreach(json_object_get(body, "content"), i, v)
		answer_block(x, (int)i, v, false);
	read_envelope(x, body);
}

static void read_delta(struct exchange *x, int slot, const json_t *delta)
{
	/* Signatures and citations are no output. */
	static const struct {
		const char *type, *member;
		enum part_kind kind;
	} rows[] = {
		{ "text_delta", "text", PART_TEXT },
		{ "thinking_delta", "thinking", PART_REASONING },
		{ "input_json_delta", "partial_json", PART_TOOL_CALL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct span text = json_text(delta, rows[i].member);

		if (json_is(delta, "type", rows[i].type) && text.len)
			answer_append(x, 0, answer_part(x, 0, rows[i].kind, slot), text);
	}
}

/* A call without input sends no piece of it. */
static void end_block(struct exchange *x, int slot)
{
	struct part *p = answer_find(x, 0, PART_TOOL_CALL, slot);

	if (p && !p->text.len && !p->taken)
		buf_adds(&p->text, "{}");
}

static void messages_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	int slot = json_index(data, "index", 0);
	struct span type = json_text(data, "type");

	if (block_is(type, "message_start")) {
		answer_restart(x, 0);
		read_envelope(x, json_object_get(data, "message"));
	} else if (block_is(type, "content_block_start")) {
		answer_block(x, slot, json_object_get(data, "content_block"), true);
	} else if (block_is(type, "content_block_delta")) {
		read_delta(x, slot, json_object_get(data, "delta"));
	} else if (block_is(type, "content_block_stop")) {
		end_block(x, slot);
	} else if (block_is(type, "message_delta")) {
		read_usage(x, json_object_get(data, "usage"));
		read_stop(x, json_object_get(data, "delta"));
	} else if (block_is(type, "error")) {
		answer_error_of(x, data);
	}
}

static bool is_last_message(const json_t *data)
{
	return json_is(data, "type", "message_stop");
}

static bool is_messages_request(const json_t *body)
{
	const json_t *messages = json_object_get(body, "messages");

	/* max_tokens is required here. Either of these distinguishes it from OpenAI's format. */
	return json_array_size(messages) > 0 &&
	       json_is_integer(json_object_get(body, "max_tokens")) &&
	       (json_has(body, "model") || json_has(body, "anthropic_version"));
}

/* Vertex has the model in the path, and other servers omit max_tokens. */
static bool suits_messages(const json_t *body)
{
	return json_has(body, "anthropic_version") ||
	       (json_has(body, "model") && json_array_size(json_object_get(body, "messages")) > 0);
}

static bool is_messages_response(const json_t *body)
{
	return (json_is(body, "type", "message") &&
		json_is_array(json_object_get(body, "content")) &&
		json_is(body, "role", "assistant")) ||
	       (json_is(body, "type", "message_start") &&
		json_is_object(json_object_get(body, "message")));
}

const struct dialect dialect_anthropic = {
	.name = "anthropic.messages",
	.proves_request = is_messages_request,
	.plausible_request = suits_messages,
	.proves_response = is_messages_response,
	.request = messages_request,
	.response = messages_response,
	.event = messages_event,
	.is_last = is_last_message,
};
