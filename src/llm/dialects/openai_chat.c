/* SPDX-License-Identifier: MIT */
/* OpenAI Chat Completions and all compatible APIs: platform.openai.com/docs/api-reference/chat
 * (read November 2026). Whole answers and streams of chunks. Vendors' extensions are read if they
 * carry output (reasoning, x_groq), else kept raw. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "llm/dialect.h"
#include "llm/dialects/openai.h"
#include "llm/dialects/snowflake.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"

static const struct finish_row finishes[] = {
	{ "stop", FINISH_STOP },
	{ "normal", FINISH_STOP }, /* Baidu */
	{ "eos", FINISH_STOP },
	{ "end_turn", FINISH_STOP },
	{ "length", FINISH_LENGTH },
	{ "model_length", FINISH_LENGTH },
	{ "max_tokens", FINISH_LENGTH },
	{ "tool_calls", FINISH_TOOL_CALL },
	{ "function_call", FINISH_TOOL_CALL },
	{ "content_filter", FINISH_CONTENT_FILTER },
	{ "error", FINISH_ERROR },
	{ "abort", FINISH_ERROR },
	{ "cancelled", FINISH_ERROR },
	{ "insufficient_system_resource", FINISH_ERROR },
	{ "eos_token", FINISH_STOP },
	{ "stop_sequence", FINISH_STOP },
	{ "complete", FINISH_STOP },
	{ "completed", FINISH_STOP },
	{ "tool_use", FINISH_TOOL_CALL },
	{ "safety", FINISH_CONTENT_FILTER },
	{ "refusal", FINISH_CONTENT_FILTER },
};

enum finish openai_finish(struct span raw)
{
	return finish_of(raw, finishes, sizeof(finishes) / sizeof(*finishes));
}

/* Common to whole answers and chunks. */
static void read_envelope(struct exchange *x, const json_t *body)
{
	/* The first id counts, because some servers change it from chunk to chunk. */
	if (!x->response_id)
		set_json(&x->response_id, json_object_get(body, "id"));
	if (!x->response_id) /* of an answer that comes later */
		set_json(&x->response_id, json_object_get(body, "request_id"));
	set_json(&x->model_answered, json_either(body, "model", "model_id"));
	set_json(&x->service_tier, json_object_get(body, "service_tier"));
	openai_usage(x, json_at2(body, "x_groq", "usage"));
	openai_usage(x, json_object_get(body, "usage"));
	openai_timings(x, json_object_get(body, "timings"));
	if (json_has(json_object_get(body, "x_groq"), "error"))
		answer_error_of(x, json_object_get(body, "x_groq"));
}

/* ---- answer ---- */

struct thinker {
	struct exchange *x;
	unsigned index;
};

static void think(void *arg, struct span text)
{
	struct thinker *t = arg;

	answer_text(t->x, t->index, PART_REASONING, text);
}

static void answer_thinking(struct exchange *x, unsigned index, const json_t *v)
{
	openai_each_thought(v, think, &(struct thinker){ x, index });
}

static void answer_binary(struct exchange *x, unsigned index, enum part_kind kind, const json_t *v)
{
	struct part *p;

	if (kind == PART_OTHER)
		return;
	p = answer_part(x, index, kind, NO_SLOT);
	if (json_is_text(v))
		openai_binary_data(p, v);
	else
		openai_binary_read(p, v);
}

static void answer_images(struct exchange *x, unsigned index, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v)
		answer_binary(x, index, PART_IMAGE, v);
}

/* A part of a list, as Mistral's reasoning models and Databricks send. */
static void answer_content(struct exchange *x, unsigned index, const json_t *v)
{
	static const char *const known[] = { "type",	"text",	       "thinking",  "reasoning",
					     "summary", "refusal",     "signature", "closed",
					     "index",	"annotations", "citations", NULL };
	enum part_kind kind = openai_binary_kind(v);
	struct span type = json_text(v, "type");

	if (!type.len || span_ends(type, SPAN_LIT("text")) || span_eq(type, SPAN_LIT("TEXT")))
		answer_text(x, index, PART_TEXT, json_text(v, "text"));
	if (json_has(v, "thinking") || span_eq(type, SPAN_LIT("reasoning")))
		answer_thinking(x, index, v);
	answer_text(x, index, PART_REFUSAL, json_text(v, "refusal"));
	answer_binary(x, index, kind, v);
	if (span_ends(type, SPAN_LIT("reference"))) /* Mistral's */
		openai_annotation(x, v);
	openai_annotations(x, json_object_get(v, "annotations"));
	openai_annotations(x, json_object_get(v, "citations")); /* Databricks' */
	answer_rest(x, index, v, kind == PART_OTHER ? known : openai_binary_members);
}

static void answer_contents(struct exchange *x, unsigned index, const json_t *content)
{
	const json_t *v;
	size_t i;

	answer_text(x, index, PART_TEXT, json_span(content));
	json_each(content, i, v) {
		if (json_is_text(v))
			answer_text(x, index, PART_TEXT, json_span(v));
		answer_content(x, index, v);
	}
}

static void answer_reasoning(struct exchange *x, unsigned index, const json_t *m)
{
	for (size_t i = 0; openai_thoughts[i]; i++) {
		const json_t *v = json_object_get(m, openai_thoughts[i]);

		if (json_is_empty(v))
			continue;
		answer_thinking(x, index, v);
		if (openai_is_encrypted(v))
			openai_aside(x, index, PART_REASONING, "encrypted", 0);
		return;
	}
}

/* ---- sound: in a stream it comes in pieces ---- */

struct sound {
	unsigned index; /* of the choice */
	struct sha256_ctx sum;
};

struct sounds {
	struct sound *list;
	size_t count;
};

static void sounds_done(void *state)
{
	free(((struct sounds *)state)->list);
}

static struct sha256_ctx *sum_of(struct sounds *s, unsigned index)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].index == index)
			return &s->list[i].sum;
	s->list = xgrow(s->list, s->count, sizeof(*s->list));
	s->list[s->count].index = index;
	sha256_init(&s->list[s->count].sum);
	return &s->list[s->count++].sum;
}

/* s: of a stream, whose choices are as many as the record keeps; NULL: the answer is whole. */
static void answer_audio(struct exchange *x, struct sounds *s, unsigned index, const json_t *v)
{
	static const char *const known[] = { "id", "data", "transcript", "expires_at", NULL };
	struct part *p;

	if (!json_has(v, "data") && !json_has(v, "transcript"))
		return;
	p = answer_part(x, index, PART_AUDIO, 0);
	if (s)
		part_base64_more(p, sum_of(s, answer_choice(x, index)->index),
				 json_text(v, "data"));
	else
		part_base64(p, span_of(NULL, 0), json_text(v, "data"));
	answer_text(x, index, PART_TEXT, json_text(v, "transcript"));
	answer_rest(x, index, v, known);
}

/* A message or a delta. */
static void answer_message(struct exchange *x, struct sounds *s, unsigned index, const json_t *m)
{
	const json_t *v;
	size_t i;

	answer_reasoning(x, index, m);
	answer_contents(x, index, json_object_get(m, "content"));
	answer_text(x, index, PART_REFUSAL, json_text(m, "refusal"));
	json_each(json_object_get(m, "tool_calls"), i, v)
		if (json_is_object(v))
			openai_answer_call(x, index, v, openai_call_function(v));
	v = json_object_get(m, "function_call");
	if (!openai_empty_call(v))
		openai_answer_call(x, index, NULL, v);
	openai_executed(x, index, json_object_get(m, "executed_tools"));
	answer_images(x, index, json_object_get(m, "images"));
	answer_audio(x, s, index, json_object_get(m, "audio"));
	openai_annotations(x, json_object_get(m, "annotations"));
	openai_message_sources(x, m);
	answer_rest(x, index, m, openai_message_members);
}

static bool calls_tool(const struct choice *c)
{
	for (size_t i = 0; i < c->msg.nparts; i++)
		if (c->msg.parts[i].kind == PART_TOOL_CALL && !c->msg.parts[i].type_raw)
			return true;
	return false;
}

/* How the answer ended, also by the words of the server behind the one that answers. */
static void read_finish(struct exchange *x, unsigned index, const json_t *v)
{
	struct span raw = json_span(json_either(v, "finish_reason", "finishReason")),
		    native = json_text(v, "native_finish_reason");
	enum finish f = openai_finish(raw);

	if (f == FINISH_STOP && calls_tool(answer_choice(x, index)))
		f = FINISH_TOOL_CALL;
	if (f == FINISH_STOP && native.len && memmem(native.ptr, native.len, "error", 5)) {
		f = FINISH_ERROR;
		answer_error(x, json_object_get(v, "native_finish_reason"), NULL, NULL);
	}
	if (raw.len)
		answer_finish(x, index, raw, f);
}

static void read_choice(struct exchange *x, struct sounds *s, const json_t *v,
			const json_t *message)
{
	/* Tokens one by one, and how a server judged them, are left out. */
	static const char *const known[] = { "index",
					     "finish_reason",
					     "finishReason",
					     "native_finish_reason",
					     "message",
					     "delta",
					     "logprobs",
					     "usage",
					     "error",
					     "content_filter_results",
					     "content_filter_result",
					     "content_filter_offsets",
					     "stop_reason",
					     "matched_stop",
					     "token_ids",
					     "token_id",
					     "text",
					     "seed",
					     NULL };
	unsigned index = (unsigned)json_index(v, "index", 0);

	answer_choice(x, index);
	if (message)
		answer_message(x, s, index, message);
	else
		answer_text(x, index, PART_TEXT, json_text(v, "text"));
	openai_usage(x, json_object_get(v, "usage"));
	read_finish(x, index, v);
	if (json_has(v, "error") || json_has(message, "error"))
		answer_error_of(x, json_has(v, "error") ? v : message);
	answer_rest(x, index, v, known);
}

/* Members of an answer or a chunk, beside its choices: those that are read, or say nothing. */
void openai_rest(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "id",
					     "object",
					     "created",
					     "model",
					     "model_id", /* watsonx */
					     "service_tier",
					     "usage",
					     "x_groq",
					     "choices",
					     "error",
					     "system_fingerprint",
					     "obfuscation",
					     "prompt_filter_results",
					     "provider",
					     "prompt_logprobs",
					     "prompt_token_ids",
					     "kv_transfer_params",
					     "timings",
					     "time_info",
					     "latency_checkpoint",
					     "generationId",
					     "p",
					     "type",
					     "request_id",
					     "metadata",
					     "stats",
					     "citations",
					     "search_results",
					     "result",
					     NULL };

	openai_search_results(x, body);
	answer_rest(x, 0, body, known);
}

/* Without choices: Baidu's text. */
static void read_plain(struct exchange *x, const json_t *body)
{
	const json_t *result = json_object_get(body, "result");

	if (json_is_text(result)) {
		answer_text(x, 0, PART_TEXT, json_span(result));
		read_finish(x, 0, body);
	} else if (!json_is_empty(result)) {
		message_other(x, &answer_choice(x, 0)->msg, "result", result);
	}
}

static void chat_response(struct exchange *x, const json_t *body)
{
	const json_t *choices = json_object_get(body, "choices"), *v;
	bool failed = answer_error_of(x, body);
	size_t i;

	read_envelope(x, body);
	json_each(choices, i, v)
		read_choice(x, NULL, v, json_object_get(v, "message"));
	if (failed && !i)
		return;
	if (!i)
		read_plain(x, body);
	openai_rest(x, body);
}

/* Perplexity repeats the whole text in `message` with each delta; some have nothing else. */
static const json_t *delta_of(struct exchange *x, const json_t *v)
{
	unsigned index = (unsigned)json_index(v, "index", 0);

	if (json_has(v, "delta") || !json_has(v, "message"))
		return json_object_get(v, "delta");
	return answer_choice(x, index)->msg.nparts ? NULL : json_object_get(v, "message");
}

static void chat_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	const json_t *choices = json_object_get(data, "choices"), *v;
	bool failed = answer_error_event(x, name, data);
	size_t i;

	read_envelope(x, data);
	json_each(choices, i, v)
		read_choice(x, state, v, delta_of(x, v));
	if (failed && !i)
		return;
	if (!choices)
		read_plain(x, data);
	openai_rest(x, data);
}

/* The tokens come last, without choices. */
static bool is_last_chunk(const json_t *data)
{
	const json_t *choices = json_object_get(data, "choices");

	return json_is_array(choices) && !json_array_size(choices) &&
	       json_object_size(json_object_get(data, "usage")) > 0;
}

/* Only these distinguish Anthropic's format. */
static bool is_anthropic(const json_t *body)
{
	const json_t *tool = json_array_get(json_object_get(body, "tools"), 0);

	return json_has(body, "anthropic_version") || json_has(body, "system") ||
	       json_has(tool, "input_schema");
}

static bool is_chat_request(const json_t *body)
{
	const json_t *messages = json_object_get(body, "messages");

	return json_is_text(json_object_get(body, "model")) && json_array_size(messages) > 0 &&
	       json_is_text(json_object_get(json_array_get(messages, 0), "role")) &&
	       !is_anthropic(body);
}

static bool is_chat_response(const json_t *body)
{
	return json_is(body, "object", "chat.completion") ||
	       json_is(body, "object", "chat.completion.chunk");
}

static bool is_whole_chat(const json_t *body)
{
	return json_has(json_array_get(json_object_get(body, "choices"), 0), "message");
}

static void snowflake_request(struct exchange *x, const json_t *body)
{
	json_t *chat = snowflake_as_chat(body);

	openai_chat_request(x, chat);
	json_decref(chat);
}

static void snowflake_response(struct exchange *x, const json_t *body)
{
	json_t *chat = snowflake_as_chat(body);

	chat_response(x, chat);
	json_decref(chat);
}

static void snowflake_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	json_t *chat = snowflake_as_chat(data);

	chat_event(x, state, name, chat);
	json_decref(chat);
}

/* Its streams say neither how a choice ended nor that nothing follows. */
const struct dialect dialect_snowflake = {
	.name = "openai.chat",
	.request = snowflake_request,
	.response = snowflake_response,
	.is_whole = is_whole_chat,
	.state_size = sizeof(struct sounds),
	.state_done = sounds_done,
	.event = snowflake_event,
	.is_last = is_last_chunk,
};

const struct dialect dialect_openai_chat = {
	.name = "openai.chat",
	.proves_request = is_chat_request,
	.proves_response = is_chat_response,
	.request = openai_chat_request,
	.response = chat_response,
	.is_whole = is_whole_chat,
	.state_size = sizeof(struct sounds),
	.state_done = sounds_done,
	.event = chat_event,
	.is_last = is_last_chunk,
	.tells_end = true,
};
