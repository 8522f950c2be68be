/* SPDX-License-Identifier: MIT */
/* OpenAI Chat Completions and all compatible APIs: platform.openai.com/docs/api-reference/chat
 * (read November 2026). Whole answers and streams of chunks. Vendors' extensions are read if they
 * carry output (reasoning, x_groq), else kept raw. */
#include <stdlib.h>

#include "llm/dialect.h"
#include "json/write.h"
#include "llm/dialects/openai.h"
#include "llm/json.h"

static const struct finish_row finishes[] = {
	{ "stop", FINISH_STOP },
	{ "eos", FINISH_STOP },
	{ "end_turn", FINISH_STOP },
	{ "length", FINISH_LENGTH },
	{ "model_length", FINISH_LENGTH },
	{ "max_tokens", FINISH_LENGTH },
	{ "tool_calls", FINISH_TOOL_CALL },
	{ "function_call", FINISH_TOOL_CALL },
	{ "content_filter", FINISH_CONTENT_FILTER },
	{ "error", FINISH_ERROR },
};

enum finish openai_finish(struct span raw)
{
	return finish_of(raw, finishes, sizeof(finishes) / sizeof(*finishes));
}

/* ---- request ---- */

static void read_audio(struct part *p, const json_t *audio)
{
	part_base64(p, json_text(audio, "format"), json_text(audio, "data"));
}

static void read_file(struct part *p, const json_t *file)
{
	set_json(&p->name, json_object_get(file, "filename"));
	set_json(&p->id, json_object_get(file, "file_id"));
	part_url(p, json_text(file, "file_data"));
}

/* One element of a content list. */
static void read_part(struct exchange *x, struct message *m, const json_t *v)
{
	struct span type = json_text(v, "type");
	const json_t *image = json_object_get(v, "image_url");

	if (json_is_string(v))
		message_text(x, m, PART_TEXT, json_span(v));
	else if (span_eq(type, SPAN_LIT("text")))
		message_text(x, m, PART_TEXT, json_text(v, "text"));
	else if (span_eq(type, SPAN_LIT("refusal")))
		message_text(x, m, PART_REFUSAL, json_text(v, "refusal"));
	else if (span_eq(type, SPAN_LIT("image_url")))
		part_url(message_part(x, m, PART_IMAGE),
			 json_is_object(image) ? json_text(image, "url") : json_span(image));
	else if (span_eq(type, SPAN_LIT("input_audio")))
		read_audio(message_part(x, m, PART_AUDIO), json_object_get(v, "input_audio"));
	else if (span_eq(type, SPAN_LIT("file")))
		read_file(message_part(x, m, PART_FILE), json_object_get(v, "file"));
	else if (span_eq(type, SPAN_LIT("thinking")))
		part_json(message_part(x, m, PART_REASONING), json_object_get(v, "thinking"));
	else
		message_other(x, m, type.len ? (const char *)type.ptr : "unknown", v);
}

static void read_call(struct exchange *x, struct message *m, const json_t *id,
		      const json_t *function)
{
	struct part *p = message_part(x, m, PART_TOOL_CALL);
	const json_t *arguments = json_object_get(function, "arguments");

	set_json(&p->id, id);
	set_json(&p->name, json_object_get(function, "name"));
	part_json(p, arguments ? arguments : json_object_get(function, "input"));
}

static const json_t *call_function(const json_t *call)
{
	const json_t *f = json_object_get(call, "function");

	return f ? f : json_object_get(call, "custom");
}

static void read_tool_result(struct exchange *x, struct message *m, const json_t *v)
{
	struct part *p = message_part(x, m, PART_TOOL_RESULT);

	set_json(&p->id, json_object_get(v, "tool_call_id"));
	part_json(p, json_lone_text(json_object_get(v, "content")));
}

static void read_reasoning(struct exchange *x, struct message *m, const json_t *v)
{
	struct span text = json_text(v, "reasoning_content");

	if (!text.len)
		text = json_text(v, "reasoning");
	if (text.len)
		message_text(x, m, PART_REASONING, text);
}

static void read_message(struct exchange *x, const json_t *v)
{
	struct message *m = request_message(x, json_text(v, "role"));
	const json_t *content = json_object_get(v, "content");
	const json_t *item;
	size_t i;

	set_json(&m->name, json_object_get(v, "name"));
	if (json_is(v, "role", "tool") || json_is(v, "role", "function")) {
		read_tool_result(x, m, v);
		return;
	}
	read_reasoning(x, m, v);
	if (json_is_string(content))
		message_text(x, m, PART_TEXT, json_span(content));
	json_array_foreach(content, i, item)
		read_part(x, m, item);
	if (json_has(v, "refusal"))
		message_text(x, m, PART_REFUSAL, json_text(v, "refusal"));
	json_array_foreach(json_object_get(v, "tool_calls"), i, item)
		read_call(x, m, json_object_get(item, "id"), call_function(item));
	if (json_has(v, "function_call"))
		read_call(x, m, NULL, json_object_get(v, "function_call"));
}

static void chat_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "model",  "messages", "tools", "functions",
					     "stream", "prompt",   NULL };
	const json_t *v;
	size_t i;

	set_json(&x->model_asked, json_object_get(body, "model"));
	x->stream_requested = json_is_true(json_object_get(body, "stream"));
	json_array_foreach(json_object_get(body, "messages"), i, v)
		read_message(x, v);
	if (json_has(body, "prompt")) /* Mistral's fill-in-the-middle */
		message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT,
			     json_text(body, "prompt"));
	json_array_foreach(json_object_get(body, "tools"), i, v)
		request_function(x, v, call_function(v), "parameters");
	json_array_foreach(json_object_get(body, "functions"), i, v)
		request_function(x, v, v, "parameters");
	request_params(x, body, known);
}

/* ---- usage ---- */

void openai_usage_details(struct usage *u, const json_t *v)
{
	/* Of Chat Completions, Responses and Realtime. */
	static const char *const ins[] = { "prompt_tokens_details", "input_tokens_details",
					   "input_token_details" };
	static const char *const outs[] = { "completion_tokens_details", "output_tokens_details",
					    "output_token_details" };

	for (size_t i = 0; i < sizeof(ins) / sizeof(*ins); i++) {
		const json_t *in = json_object_get(v, ins[i]), *out = json_object_get(v, outs[i]);

		usage_count(&u->cached_read, json_object_get(in, "cached_tokens"));
		usage_count(&u->cache_write_5m, json_object_get(in, "cache_write_tokens"));
		usage_count(&u->audio_in, json_object_get(in, "audio_tokens"));
		usage_count(&u->image_in, json_object_get(in, "image_tokens"));
		usage_count(&u->reasoning, json_object_get(out, "reasoning_tokens"));
		usage_count(&u->audio_out, json_object_get(out, "audio_tokens"));
		usage_count(&u->image_out, json_object_get(out, "image_tokens"));
	}
}

void openai_usage(struct exchange *x, const json_t *v)
{
	struct usage *u = &x->usage;
	int64_t prompt = COUNT_UNKNOWN, completion = COUNT_UNKNOWN;

	if (!json_is_object(v) || json_object_size(v) == 0)
		return;
	usage_raw(x, v);
	usage_count(&prompt, json_object_get(v, "prompt_tokens"));
	usage_count(&completion, json_object_get(v, "completion_tokens"));
	usage_count(&u->total, json_object_get(v, "total_tokens"));
	usage_count(&u->cached_read, json_object_get(v, "cached_tokens"));
	usage_count(&u->cached_read, json_object_get(v, "prompt_cache_hit_tokens"));
	openai_usage_details(u, v);
	if (prompt != COUNT_UNKNOWN)
		u->input = prompt;
	if (completion == COUNT_UNKNOWN)
		return;
	u->output = completion;
	/* If the parts do not add up to the total, the rest is reasoning that completion_tokens
	 * excludes: xAI states it, Gemini's OpenAI API hides it in the total. Mistral counts audio
	 * of the prompt that way. */
	if (prompt == COUNT_UNKNOWN || u->total <= prompt + completion)
		return;
	if (u->reasoning > 0 && u->total == prompt + completion + u->reasoning)
		u->output += u->reasoning;
	else if (x->provider &&
		 (strcmp(x->provider, "gemini") == 0 || strcmp(x->provider, "vertex") == 0))
		u->output = u->total - prompt;
}

/* Common to whole answers and chunks. */
static void read_envelope(struct exchange *x, const json_t *body)
{
	/* The first id counts, because some servers change it from chunk to chunk. */
	if (!x->response_id)
		set_json(&x->response_id, json_object_get(body, "id"));
	set_json(&x->model_answered, json_object_get(body, "model"));
	set_json(&x->service_tier, json_object_get(body, "service_tier"));
	openai_usage(x, json_at2(body, "x_groq", "usage"));
	openai_usage(x, json_object_get(body, "usage"));
}

/* ---- answer ---- */

/* A list of parts, as Mistral's reasoning models send. */
static void answer_list(struct exchange *x, unsigned index, const json_t *list)
{
	const json_t *v, *t;
	size_t i, j;

	json_array_foreach(list, i, v) {
		const json_t *thinking = json_object_get(v, "thinking");

		if (json_is(v, "type", "text"))
			answer_text(x, index, PART_TEXT, json_text(v, "text"));
		if (json_is_string(thinking))
			answer_text(x, index, PART_REASONING, json_span(thinking));
		json_array_foreach(thinking, j, t)
			answer_text(x, index, PART_REASONING, json_text(t, "text"));
	}
}

/* Reasoning text under any of its names; the first one present counts. */
static void answer_reasoning(struct exchange *x, unsigned index, const json_t *m)
{
	struct span text = json_text(m, "reasoning_content");
	const json_t *v;
	size_t i;

	if (!text.len)
		text = json_text(m, "reasoning");
	if (text.len) {
		answer_text(x, index, PART_REASONING, text);
		return;
	}
	json_array_foreach(json_object_get(m, "reasoning_details"), i, v) {
		text = json_text(v, "text");
		answer_text(x, index, PART_REASONING, text.len ? text : json_text(v, "summary"));
	}
}

/* One tool call or a piece of one. `slot` distinguishes the tool calls of one answer. */
static void answer_call(struct exchange *x, unsigned index, int slot, const json_t *call,
			const json_t *function)
{
	struct part *p = answer_part(x, index, PART_TOOL_CALL, slot);
	const json_t *arguments = json_object_get(function, "arguments");
	char *text = NULL;

	if (!p->id)
		set_json(&p->id, json_object_get(call, "id"));
	if (!p->name)
		set_json(&p->name, json_object_get(function, "name"));
	if (!arguments)
		arguments = json_object_get(function, "input");
	if (json_is_object(arguments))
		text = json_write_text(arguments);
	answer_append(x, index, p, text ? span_str(text) : json_span(arguments));
	free(text);
}

/* The tool call that a piece without an index belongs to: the one with its id, else a new one. */
static int slot_of_id(struct exchange *x, unsigned index, const json_t *call)
{
	const struct choice *c = answer_choice(x, index);
	struct span id = json_text(call, "id");
	const struct part *same = answer_call_of(x, index, id);
	int last = -1;

	if (same)
		return same->slot;
	/* The highest slot of a call: parts of other kinds have few slots, if any. */
	for (size_t i = c->nslots; i > 0 && last < 0; i--)
		if (c->msg.parts[c->by_slot[i - 1]].kind == PART_TOOL_CALL)
			last = c->msg.parts[c->by_slot[i - 1]].slot;
	return id.len || last < 0 ? last + 1 : last;
}

/* A message or a delta. */
static void answer_message(struct exchange *x, unsigned index, const json_t *m)
{
	const json_t *content = json_object_get(m, "content");
	const json_t *v;
	size_t i;

	answer_reasoning(x, index, m);
	answer_text(x, index, PART_TEXT, json_span(content));
	answer_list(x, index, content);
	answer_text(x, index, PART_REFUSAL, json_text(m, "refusal"));
	json_array_foreach(json_object_get(m, "tool_calls"), i, v)
		answer_call(x, index,
			    json_has(v, "index") ? json_index(v, "index", 0)
						 : slot_of_id(x, index, v),
			    v, call_function(v));
	if (json_has(m, "function_call"))
		answer_call(x, index, 0, NULL, json_object_get(m, "function_call"));
	v = json_object_get(m, "audio");
	if (json_has(v, "data") || json_has(v, "transcript")) {
		struct part *p = answer_part(x, index, PART_AUDIO, 0);

		if (json_has(v, "data"))
			part_base64(p, span_of(NULL, 0), json_text(v, "data"));
		answer_text(x, index, PART_TEXT, json_text(v, "transcript"));
	}
}

static void read_choice(struct exchange *x, const json_t *v, const json_t *message)
{
	unsigned index = (unsigned)json_index(v, "index", 0);
	struct span finish = json_text(v, "finish_reason");

	answer_choice(x, index);
	answer_message(x, index, message);
	if (finish.len)
		answer_finish(x, index, finish, openai_finish(finish));
}

static void chat_response(struct exchange *x, const json_t *body)
{
	const json_t *v;
	size_t i;

	read_envelope(x, body);
	json_array_foreach(json_object_get(body, "choices"), i, v)
		read_choice(x, v, json_object_get(v, "message"));
	if (!json_array_size(json_object_get(body, "choices")))
		answer_error_of(x, body);
}

static void chat_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	const json_t *v;
	size_t i;

	read_envelope(x, data);
	/* Perplexity repeats the whole text in `message` with each delta. */
	json_array_foreach(json_object_get(data, "choices"), i, v)
		read_choice(x, v, json_object_get(v, "delta"));
	if (json_has(data, "error"))
		answer_error_of(x, data);
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

	return json_is_string(json_object_get(body, "model")) && json_array_size(messages) > 0 &&
	       json_is_string(json_object_get(json_array_get(messages, 0), "role")) &&
	       !is_anthropic(body);
}

static bool is_chat_response(const json_t *body)
{
	return json_is(body, "object", "chat.completion") ||
	       json_is(body, "object", "chat.completion.chunk");
}

const struct dialect dialect_openai_chat = {
	.name = "openai.chat",
	.proves_request = is_chat_request,
	.proves_response = is_chat_response,
	.request = chat_request,
	.response = chat_response,
	.event = chat_event,
};
