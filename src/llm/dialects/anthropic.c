/* SPDX-License-Identifier: MIT */
/* Anthropic Messages: docs.anthropic.com/en/api/messages and .../streaming (read November 2026).
 * Content is a list of blocks. A stream announces each block and then sends its pieces. */
#include <stdlib.h>

#include "exchange/citations.h"
#include "exchange/redact.h"
#include "json/write.h"
#include "llm/dialect.h"
#include "llm/dialects/anthropic.h"
#include "llm/dialects/openai.h"
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
void anthropic_usage(struct exchange *x, const json_t *v)
{
	struct usage *u = &x->usage;
	int64_t plain = COUNT_UNKNOWN, written = COUNT_UNKNOWN;
	const json_t *raw, *by_life;

	if (!json_is_object(v))
		return;
	/* Gateways leave another vendor's names. */
	if (json_has(v, "prompt_tokens") && !json_has(v, "input_tokens"))
		openai_usage(x, v);
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
void anthropic_stop(struct exchange *x, const json_t *v)
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

/* Why the provider, asked to compare, found less in its cache than it might have. */
static void read_diagnosis(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "cache_miss_reason", NULL };
	static const char *const inner[] = { "type", "cache_missed_input_tokens", NULL };
	const json_t *miss = json_object_get(v, "cache_miss_reason");

	set_json(&x->cache_miss, json_object_get(miss, "type"));
	usage_count(&x->cache_missed, json_object_get(miss, "cache_missed_input_tokens"));
	answer_rest(x, 0, v, known);
	answer_rest(x, 0, miss, inner);
}

/* Beside the content. */
static void read_envelope(struct exchange *x, const json_t *message)
{
	static const char *const known[] = {
		"id",		"type",	       "role",		"model",
		"content",	"stop_reason", "stop_sequence", "usage",
		"stop_details", "diagnostics", "error",		NULL,
	};

	set_json(&x->response_id, json_object_get(message, "id"));
	set_json(&x->model_answered, json_object_get(message, "model"));
	anthropic_usage(x, json_object_get(message, "usage"));
	anthropic_stop(x, message);
	read_diagnosis(x, json_object_get(message, "diagnostics"));
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

void anthropic_citation(struct exchange *x, const json_t *v)
{
	static const char *const known[] = {
		"type",
		"cited_text",
		"url",
		"source",
		"title",
		"document_title",
		"document_index",
		"file_id",
		"search_result_index",
		"start_char_index",
		"end_char_index",
		"start_page_number",
		"end_page_number",
		"start_block_index",
		"end_block_index",
		"encrypted_index",
		NULL,
	};
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
	answer_rest(x, 0, v, known);
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

/* The result of a tool that the provider runs; it comes whole, as the last part. False: it came
 * before. */
static bool answer_result(struct exchange *x, struct part *p, const json_t *v)
{
	struct message *m = &answer_choice(x, 0)->msg;

	if (p->id || p != &m->parts[m->nparts - 1])
		return false;
	block_read_result(x, m, v);
	return true;
}

/* The model that goes on after another one refused. */
static void read_fallback(struct exchange *x, const json_t *v)
{
	set_json(&x->model_answered, json_at2(v, "to", "model"));
}

/* What is a part by its JSON. */
static void answer_other(struct exchange *x, struct part *p, const json_t *v)
{
	if (json_is(v, "type", "fallback"))
		read_fallback(x, v);
	set_json(&p->type_raw, json_object_get(v, "type"));
	redact_part_reset(p);
	part_json(p, v);
}

/* A block of a whole answer, or the announcement of a block in a stream. In a stream its input is
 * empty and follows in pieces. */
void anthropic_block(struct exchange *x, int slot, const json_t *v, bool announced)
{
	enum part_kind kind = block_kind(v);
	struct part *p = answer_part(x, 0, kind, slot);
	const json_t *citation;
	size_t i;

	switch (kind) {
	case PART_TEXT:
		block_set_type(p, v);
		answer_append(x, 0, p, block_text(v));
		break;
	case PART_REASONING:
		answer_append(x, 0, p, json_text(v, "thinking"));
		break;
	case PART_TOOL_CALL:
		answer_call(x, p, v, announced);
		break;
	case PART_TOOL_RESULT:
		if (!answer_result(x, p, v))
			return;
		break;
	case PART_FILE:
		block_set_type(p, v);
		set_json(&p->id, json_object_get(v, "file_id"));
		break;
	case PART_IMAGE:
		block_read_source(p, json_object_get(v, "source"));
		break;
	default:
		if (json_is(v, "type", "compaction")) {
			block_set_type(p, v);
			answer_append(x, 0, p, block_text(v));
			break;
		}
		answer_other(x, p, v);
		return;
	}
	json_each(json_object_get(v, "citations"), i, citation)
		anthropic_citation(x, citation);
	answer_rest_of(x, 0, slot, json_text(v, "id"), v, block_known(v));
}

void anthropic_message(struct exchange *x, const json_t *message)
{
	const json_t *content = json_object_get(message, "content"), *v;
	size_t i;

	answer_choice(x, 0);
	answer_text(x, 0, PART_TEXT, json_span(content));
	json_each(content, i, v)
		anthropic_block(x, (int)(i % ANTHROPIC_NUMBERS), v, false);
	read_envelope(x, message);
}

static void messages_response(struct exchange *x, const json_t *body)
{
	bool is_message = json_has(body, "content") || json_is(body, "type", "message");

	if (!is_message || json_has(body, "error")) {
		answer_error_of(x, body);
		if (!x->request_id)
			set_json(&x->request_id, json_object_get(body, "request_id"));
	}
	if (is_message)
		anthropic_message(x, body);
}

static bool is_last_message(const json_t *data)
{
	return json_is(data, "type", "message_stop");
}

static bool is_messages_request(const json_t *body)
{
	const json_t *messages = json_object_get(body, "messages");

	/* max_tokens is required here. Either of these distinguishes it from OpenAI's format. */
	return json_holds(messages) && json_is_integer(json_object_get(body, "max_tokens")) &&
	       (json_has(body, "model") || json_has(body, "anthropic_version"));
}

/* Vertex has the model in the path, and other servers omit max_tokens. */
static bool suits_messages(const json_t *body)
{
	return json_has(body, "anthropic_version") ||
	       (json_has(body, "model") && json_holds(json_object_get(body, "messages")));
}

static bool is_messages_response(const json_t *body)
{
	return (json_is(body, "type", "message") && json_has(body, "content") &&
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
	.event = anthropic_event,
	.ended = anthropic_ended,
	.state_size = ANTHROPIC_STATE_SIZE,
	.is_last = is_last_message,
};
