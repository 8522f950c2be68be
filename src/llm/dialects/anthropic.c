/* SPDX-License-Identifier: MIT */
/* Anthropic Messages: docs.anthropic.com/en/api/messages and .../streaming (read November 2026).
 * Content is a list of blocks. A stream announces each block and then sends its pieces. */
#include <stdlib.h>

#include "exchange/citations.h"
#include "exchange/redact.h"
#include "json/write.h"
#include "llm/dialect.h"
#include "llm/dialects/anthropic.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"
#include "llm/result.h"

static const struct finish_row finishes[] = {
	{ "end_turn", FINISH_STOP },	  { "stop_sequence", FINISH_STOP },
	{ "max_tokens", FINISH_LENGTH },  { "model_context_window_exceeded", FINISH_LENGTH },
	{ "tool_use", FINISH_TOOL_CALL }, { "refusal", FINISH_CONTENT_FILTER },
	{ "pause_turn", FINISH_PAUSE },	  { "compaction", FINISH_PAUSE },
};

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

/* Why the model stopped; of a refusal also in words. */
static void read_stop(struct exchange *x, const json_t *v)
{
	struct span raw = json_text(v, "stop_reason");
	const json_t *details = json_object_get(v, "stop_details");
	static const char *const known[] = { "type", "explanation", NULL };

	if (raw.len)
		answer_finish(x, 0, raw,
			      finish_of(raw, finishes, sizeof(finishes) / sizeof(*finishes)));
	answer_text(x, 0, PART_REFUSAL, json_text(details, "explanation"));
	answer_rest(x, 0, details, known);
}

/* Beside the content. */
static void read_envelope(struct exchange *x, const json_t *message)
{
	static const char *const known[] = {
		"id",	       "type",		"role",	 "model",	 "content",
		"stop_reason", "stop_sequence", "usage", "stop_details", NULL,
	};

	set_json(&x->response_id, json_object_get(message, "id"));
	set_json(&x->model_answered, json_object_get(message, "model"));
	read_usage(x, json_object_get(message, "usage"));
	read_stop(x, message);
	answer_rest(x, 0, message, known);
}

/* Where a citation begins and ends: in characters, pages or blocks of its source. */
static int64_t place_of(const json_t *v, const char *const *names)
{
	int64_t n = COUNT_UNKNOWN;

	for (; *names; names++)
		usage_count(&n, json_object_get(v, *names));
	return n;
}

static void read_citation(struct exchange *x, const json_t *v)
{
	static const char *const starts[] = { "start_char_index", "start_page_number",
					      "start_block_index", NULL };
	static const char *const ends[] = { "end_char_index", "end_page_number", "end_block_index",
					    NULL };
	struct span title = json_text(v, "title");
	char *document = NULL;

	set_json(&document, json_object_get(v, "document_index"));
	set_json(&document, json_object_get(v, "search_result_index"));
	set_json(&document, json_object_get(v, "file_id"));
	answer_citation(x, &(struct citation_view){
				   .url = json_text(v, json_has(v, "url") ? "url" : "source"),
				   .title = title.len ? title : json_text(v, "document_title"),
				   .text = json_text(v, "cited_text"),
				   .document = span_str(document),
				   .start = place_of(v, starts),
				   .end = place_of(v, ends) });
	free(document);
}

static enum part_kind kind_of(struct span type)
{
	if (block_is(type, "text"))
		return PART_TEXT;
	if (block_is(type, "thinking"))
		return PART_REASONING;
	if (block_is_call(type))
		return PART_TOOL_CALL;
	return block_is_result(type) ? PART_TOOL_RESULT : PART_OTHER;
}

static void answer_call(struct exchange *x, struct part *p, const json_t *v, bool announced)
{
	const json_t *input = json_object_get(v, "input");
	char *text = NULL;

	block_read_call(p, v);
	if (!announced || json_object_size(input) > 0)
		text = json_write_text(input);
	answer_append(x, 0, p, span_str(text));
	free(text);
	if (json_is(v, "type", "server_tool_use"))
		answer_search(x, json_text(input, "query"));
}

/* The result of a tool that the provider runs; it comes whole, as the last part. */
static void answer_result(struct exchange *x, struct part *p, const json_t *v)
{
	set_json(&p->type_raw, json_object_get(v, "type"));
	set_json(&p->id, json_object_get(v, "tool_use_id"));
	p->is_error = json_is_true(json_object_get(v, "is_error"));
	redact_part_reset(p);
	if (p == &x->choices[0].msg.parts[x->choices[0].msg.nparts - 1])
		result_content(x, &x->choices[0].msg, json_object_get(v, "content"),
			       block_read_binary);
	else
		part_json(p, json_object_get(v, "content"));
}

/* A block of a whole answer, or the announcement of a block in a stream. In a stream its input is
 * empty and follows in pieces. */
static void answer_block(struct exchange *x, int slot, const json_t *v, bool announced)
{
	struct span type = json_text(v, "type");
	enum part_kind kind = kind_of(type);
	struct part *p = answer_part(x, 0, kind, slot);
	const json_t *citation;
	size_t i;

	switch (kind) {
	case PART_TEXT:
		answer_append(x, 0, p, json_text(v, "text"));
		break;
	case PART_REASONING:
		answer_append(x, 0, p, json_text(v, "thinking"));
		break;
	case PART_TOOL_CALL:
		answer_call(x, p, v, announced);
		break;
	case PART_TOOL_RESULT:
		answer_result(x, p, v);
		break;
	default:
		set_string(&p->type_raw, type);
		redact_part_reset(p);
		part_json(p, v);
		return;
	}
	json_array_foreach(json_object_get(v, "citations"), i, citation)
		read_citation(x, citation);
	answer_rest(x, 0, v, block_members);
}

/* Gateways may number all blocks alike: the next one of a number has a slot past the one before. */
#define NUMBERS 8192

static int latest_slot(struct exchange *x, int number)
{
	int slot = number % NUMBERS;

	while (slot < NUMBERS * ANSWER_PARTS_MAX && answer_has(x, 0, slot + NUMBERS))
		slot += NUMBERS;
	return slot;
}

/* Whether the block was announced already: some say it twice. */
static bool is_same(const struct part *p, const json_t *block)
{
	struct span id = json_text(block, "id");

	return p && (id.len ? span_eq(id, span_str(p->id)) : !p->text.len && !p->taken);
}

static int announced_slot(struct exchange *x, int number, const json_t *block)
{
	int slot = latest_slot(x, number);

	if (!answer_has(x, 0, slot) ||
	    is_same(answer_find(x, 0, kind_of(json_text(block, "type")), slot), block))
		return slot;
	return slot + NUMBERS;
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

/* A piece of a block of which we only know the name: its texts are what it is about. */
static void read_unknown(struct exchange *x, int slot, const json_t *delta)
{
	static const char *const known[] = { "type", "signature", NULL };
	struct part *p = answer_find(x, 0, PART_OTHER, slot);
	const char *key;
	json_t *v;

	if (!p) {
		answer_rest(x, 0, delta, known);
		return;
	}
	json_object_foreach((json_t *)delta, key, v) {
		if (!json_is_text(v) || strcmp(key, "type") == 0 || strcmp(key, "signature") == 0)
			continue;
		/* What announced it says less. */
		if (p->text.len && p->text.ptr[0] == '{')
			redact_part_reset(p);
		part_json(p, v);
	}
}

static void read_delta(struct exchange *x, int slot, const json_t *delta)
{
	static const char *const known[] = { "type",	 "text",      "thinking", "partial_json",
					     "citation", "signature", NULL };
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

		if (!json_is(delta, "type", rows[i].type))
			continue;
		if (text.len)
			answer_append(x, 0, answer_part(x, 0, rows[i].kind, slot), text);
		answer_rest(x, 0, delta, known);
		return;
	}
	if (!json_is(delta, "type", "citations_delta")) {
		read_unknown(x, slot, delta);
		return;
	}
	read_citation(x, json_object_get(delta, "citation"));
	answer_rest(x, 0, delta, known);
}

/* A call without input sends no piece of it. */
static void end_block(struct exchange *x, int slot)
{
	struct part *p = answer_find(x, 0, PART_TOOL_CALL, slot);

	if (p && !p->text.len && !p->taken)
		buf_adds(&p->text, "{}");
}

/* Its message may hold blocks already. */
static void start_message(struct exchange *x, const json_t *message)
{
	const json_t *v;
	size_t i;

	answer_restart(x, 0);
	json_array_foreach(json_object_get(message, "content"), i, v)
		answer_block(x, (int)i, v, false);
	read_envelope(x, message);
}

static void read_event(struct exchange *x, const json_t *data)
{
	static const char *const stops[] = { "type",	     "stop_reason", "stop_sequence",
					     "stop_details", "usage",	    NULL };
	int number = json_index(data, "index", 0);
	struct span type = json_text(data, "type");
	const json_t *block = json_object_get(data, "content_block");

	if (block_is(type, "message_start")) {
		start_message(x, json_object_get(data, "message"));
	} else if (block_is(type, "content_block_start")) {
		answer_block(x, announced_slot(x, number, block), block, true);
	} else if (block_is(type, "content_block_delta")) {
		read_delta(x, latest_slot(x, number), json_object_get(data, "delta"));
	} else if (block_is(type, "content_block_stop")) {
		end_block(x, latest_slot(x, number));
	} else if (block_is(type, "message_delta")) {
		read_usage(x, json_object_get(data, "usage"));
		read_stop(x, json_object_get(data, "delta"));
		answer_rest(x, 0, json_object_get(data, "delta"), stops);
	} else if (block_is(type, "error")) {
		answer_error_of(x, data);
	}
}

static void messages_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	static const char *const known[] = { "type",
					     "index",
					     "delta",
					     "content_block",
					     "message",
					     "usage",
					     "error",
					     "request_id",
					     "amazon-bedrock-invocationMetrics",
					     "p",
					     NULL };

	read_event(x, data);
	if (json_has(data, "type"))
		answer_rest(x, 0, data, known);
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
	.request = anthropic_request,
	.response = messages_response,
	.event = messages_event,
	.is_last = is_last_message,
};
