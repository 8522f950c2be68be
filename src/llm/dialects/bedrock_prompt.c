/* SPDX-License-Identifier: MIT */
/* Bodies of InvokeModel for models that take one prompt rather than a conversation, and for image
 * and embedding models: docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html (read
 * November 2026), pages on Titan, Nova Canvas, Llama, Mistral, Cohere, AI21, Claude's text
 * completions, Stability. The names of their members do not collide, so one table serves all. */
#include <stdlib.h>

#include "json/number.h"
#include "llm/dialects/bedrock.h"
#include "json/write.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"

/* ---- request ---- */

/* The message that holds the whole prompt. */
static struct message *user(struct exchange *x)
{
	struct message *last = x->nmessages ? &x->messages[x->nmessages - 1] : NULL;

	if (last && last->role && strcmp(last->role, "user") == 0)
		return last;
	return request_message(x, SPAN_LIT("user"));
}

static bool read_text(struct exchange *x, const json_t *v)
{
	/* Nova's embeddings: {"truncationMode": ..., "value": ...} */
	const json_t *text = json_is_object(v) ? json_object_get(v, "value") : v;

	if (!json_is_text(text))
		return false;
	message_text(x, user(x), PART_TEXT, json_span(text));
	return true;
}

static bool read_image(struct exchange *x, const json_t *v)
{
	/* Nova's embeddings: {"format": "png", "source": {"bytes": ...}} */
	const json_t *data = json_is_object(v) ? json_at2(v, "source", "bytes") : v;
	struct part *p;

	if (!json_is_text(data))
		return false;
	p = message_part(x, user(x), PART_IMAGE);
	if (span_starts(json_span(data), SPAN_LIT("data:")))
		part_url(p, json_span(data));
	else
		part_base64(p, json_text(v, "format"), json_span(data));
	return true;
}

/* Stability: {"text": ..., "weight": ...}; a negative weight marks what is not wanted. */
static bool read_weighted(struct exchange *x, const json_t *v)
{
	if (!json_is_text(json_object_get(v, "text")))
		return false;
	if (json_number_double(json_object_get(v, "weight")) < 0)
		message_other(x, user(x), "negative_prompt", v);
	else
		message_text(x, user(x), PART_TEXT, json_text(v, "text"));
	return true;
}

/* Cohere's embeddings of mixed content: {"content": [{"text": ...}, {"image_url": ...}]} */
static bool read_mixed(struct exchange *x, const json_t *v)
{
	const json_t *item;
	size_t i;

	json_each(json_object_get(v, "content"), i, item) {
		if (json_has(item, "text"))
			read_text(x, json_object_get(item, "text"));
		else
			read_image(x, json_at2(item, "image_url", "url"));
	}
	return json_is_object(v);
}

static bool read_said(struct exchange *x, const json_t *v)
{
	struct message *m;

	if (!json_is_object(v))
		return false;
	m = request_message(x, json_text(v, "role"));
	message_text(x, m, PART_TEXT, json_text(v, "message"));
	return true;
}

static bool read_tool(struct exchange *x, const json_t *v)
{
	if (!json_is_object(v))
		return false;
	request_function(x, NULL, v, "parameter_definitions");
	return true;
}

static bool read_preamble(struct exchange *x, const json_t *v)
{
	if (!json_is_text(v))
		return false;
	set_string(&x->system.role, SPAN_LIT("system"));
	message_text(x, &x->system, PART_TEXT, json_span(v));
	return true;
}

static bool read_model(struct exchange *x, const json_t *v)
{
	set_json(&x->model_asked, v); /* added by gateways, not by Amazon */
	return true;
}

/* Reads a member, or each element of a list. False: the value has another type than expected and
 * becomes a param. */
static const struct {
	const char *member;
	bool list;
	bool (*take)(struct exchange *x, const json_t *v);
} members[] = {
	{ "model", false, read_model },	     { "preamble", false, read_preamble },
	{ "chat_history", true, read_said }, { "prompt", false, read_text },
	{ "inputText", false, read_text },   { "message", false, read_text },
	{ "text", false, read_text },	     { "query", false, read_text },
	{ "texts", true, read_text },	     { "text_prompts", true, read_weighted },
	{ "inputs", true, read_mixed },	     { "inputImage", false, read_image },
	{ "image", false, read_image },	     { "init_image", false, read_image },
	{ "mask_image", false, read_image }, { "mask", false, read_image },
	{ "maskImage", false, read_image },  { "conditionImage", false, read_image },
	{ "images", true, read_image },	     { "tools", true, read_tool },
};
#define MEMBERS (sizeof(members) / sizeof(*members))

/* Keeps elements of unexpected types apart from the others. */
static bool take_member(struct exchange *x, size_t row, const json_t *v)
{
	const json_t *item;
	size_t i;

	if (!members[row].list || json_is_object(v))
		return members[row].take(x, v);
	if (!json_is_array(v))
		return false;
	json_array_foreach(v, i, item)
		if (!members[row].take(x, item))
			request_param(x, members[row].member, item);
	return true;
}

/* textGenerationConfig, imageGenerationConfig, and the params of a taskType: textToImageParams
 * ... */
static bool is_envelope(const char *key, const json_t *v)
{
	return json_is_object(v) && (span_ends(span_str(key), SPAN_LIT("Params")) ||
				     span_ends(span_str(key), SPAN_LIT("GenerationConfig")));
}

static size_t row_of(const char *key)
{
	size_t i = 0;

	while (i < MEMBERS && strcmp(members[i].member, key) != 0)
		i++;
	return i;
}

/* In the order of the table, so that a chat's history precedes the prompt; then the rest. */
static void read_members(struct exchange *x, const json_t *body, bool outer)
{
	bool taken[MEMBERS];
	const char *key;
	json_t *v;

	for (size_t i = 0; i < MEMBERS; i++) {
		v = json_object_get(body, members[i].member);
		taken[i] = v && take_member(x, i, v);
	}
	json_object_foreach((json_t *)body, key, v) {
		size_t row = row_of(key);

		if ((row < MEMBERS && taken[row]) || json_is_null(v))
			continue;
		if (outer && is_envelope(key, v))
			read_members(x, v, false);
		else
			request_param(x, key, v);
	}
}

void bedrock_prompt_request(struct exchange *x, const json_t *body)
{
	read_members(x, body, true);
}

/* ---- answer ---- */

static const struct finish_row finishes[] = {
	{ "stop", FINISH_STOP },
	{ "FINISH", FINISH_STOP },
	{ "FINISHED", FINISH_STOP },
	{ "COMPLETE", FINISH_STOP },
	{ "SUCCESS", FINISH_STOP },
	{ "endoftext", FINISH_STOP },
	{ "end_turn", FINISH_STOP },
	{ "stop_sequence", FINISH_STOP },
	{ "STOP_CRITERIA_MET", FINISH_STOP },
	{ "length", FINISH_LENGTH },
	{ "max_tokens", FINISH_LENGTH },
	{ "ERROR_LIMIT", FINISH_LENGTH },
	{ "tool_calls", FINISH_TOOL_CALL },
	{ "CONTENT_FILTERED", FINISH_CONTENT_FILTER },
	{ "ERROR_TOXIC", FINISH_CONTENT_FILTER },
	{ "ERROR", FINISH_ERROR },
};

static void read_stop(struct exchange *x, unsigned index, const json_t *v)
{
	static const char *const names[] = { "stop_reason", "finish_reason", "completionReason",
					     "finishReason" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const json_t *stop = json_object_get(v, names[i]);
		/* AI21: {"reason": ...} */
		bool inside = json_is_object(stop);
		struct span raw = inside ? json_text(stop, "reason") : json_span(stop);
		enum finish f = finish_of(raw, finishes, sizeof(finishes) / sizeof(*finishes));

		if (raw.len)
			answer_finish(x, index, raw, f);
	}
}

static void add_image(struct exchange *x, unsigned index, const json_t *base64)
{
	if (json_is_text(base64))
		part_base64(answer_part(x, index, PART_IMAGE, NO_SLOT), span_of(NULL, 0),
			    json_span(base64));
}

/* Members of a whole answer and of one of several; tokens one by one are left out. */
static const char *const answer_members[] = {
	"outputText",
	"generation",
	"completion",
	"text",
	"data",
	"base64",
	"index",
	"id",
	"stop_reason",
	"finish_reason",
	"completionReason",
	"finishReason",
	"results",
	"generations",
	"outputs",
	"completions",
	"choices",
	"artifacts",
	"images",
	"finish_reasons",
	"tool_calls",
	"response_id",
	"error",
	"usage",
	"prompt",
	"seeds",
	"seed",
	"stop",
	"inputTextTokenCount",
	"totalOutputTextTokenCount",
	"prompt_token_count",
	"generation_token_count",
	"tokenCount",
	"amazon-bedrock-invocationMetrics",
	"chat_history",
	"generation_id",
	"is_finished",
	"event_type",
	"likelihood",
	"type",
	"model",
	"token_likelihoods",
	"logprobs",
	NULL,
};

static bool is_piece(const json_t *v)
{
	return json_has(v, "text") || json_has(v, "outputText") || json_has(v, "data") ||
	       json_has(v, "base64") || json_has(v, "generation") || json_has(v, "completion");
}

/* Text under any of its names, with the stop reason beside it. */
static void read_piece(struct exchange *x, unsigned index, const json_t *v)
{
	static const char *const names[] = { "outputText", "generation", "completion", "text" };

	/* An empty text is an answer; a missing text is not. */
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (json_is_text(json_object_get(v, names[i])))
			answer_text(x, index, PART_TEXT, json_text(v, names[i]));
	if (json_has(v, "data"))
		answer_text(x, index, PART_TEXT, json_text(json_object_get(v, "data"), "text"));
	add_image(x, index, json_object_get(v, "base64"));
	read_stop(x, index, v);
	if (is_piece(v))
		answer_rest(x, index, v, answer_members);
}

/* Several answers to one prompt. Lists of that name with other content (ranks of documents) are no
 * answers. */
static void read_lists(struct exchange *x, const json_t *body)
{
	static const char *const names[] = { "results",	    "generations", "outputs",
					     "completions", "choices",	   "artifacts" };
	const json_t *v;
	size_t i;

	for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++)
		json_each(json_object_get(body, names[n]), i, v)
			if (is_piece(v))
				read_piece(x, (unsigned)json_index(v, "index", (int)i), v);
}

static void read_images(struct exchange *x, const json_t *body)
{
	const json_t *v;
	size_t i;

	json_each(json_object_get(body, "images"), i, v)
		add_image(x, 0, v);
	/* One per image, null if there was no error: "Filter reason: prompt". */
	json_each(json_object_get(body, "finish_reasons"), i, v)
		if (json_is_text(v))
			answer_finish(x, 0, json_span(v),
				      span_starts(json_span(v), SPAN_LIT("Filter"))
					      ? FINISH_CONTENT_FILTER
					      : FINISH_OTHER);
}

static void read_calls(struct exchange *x, const json_t *body)
{
	const json_t *v;
	size_t i;

	json_each(json_object_get(body, "tool_calls"), i, v) {
		const json_t *parameters = json_object_get(v, "parameters");
		struct part *p = answer_part(x, 0, PART_TOOL_CALL, (int)i);
		char *text = json_write_text(parameters);

		set_json(&p->name, json_object_get(v, "name"));
		answer_append(x, 0, p, span_str(text));
		free(text);
	}
}

/* ---- usage ---- */

static void read_counts(struct exchange *x, const json_t *v)
{
	static const struct {
		const char *member;
		bool output;
	} names[] = {
		{ "inputTextTokenCount", false }, { "totalOutputTextTokenCount", true },
		{ "prompt_token_count", false },  { "generation_token_count", true },
		{ "prompt_tokens", false },	  { "completion_tokens", true },
		{ "tokenCount", true },
	};
	struct usage *u = &x->usage;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		json_t *n = json_object_get(v, names[i].member), *kept;

		if (!json_number_is(n))
			continue;
		usage_count(names[i].output ? &u->output : &u->input, n);
		kept = json_object();
		json_object_set(kept, names[i].member, n);
		usage_raw(x, kept);
		json_decref(kept);
	}
}

void bedrock_prompt_answer(struct exchange *x, const json_t *body)
{
	if (json_is_text(json_object_get(body, "error")))
		answer_error_of(x, body);
	if (!x->response_id)
		set_json(&x->response_id, json_object_get(body, "response_id"));
	if (!x->response_id)
		set_json(&x->response_id, json_object_get(body, "id"));
	read_piece(x, (unsigned)json_index(body, "index", 0), body);
	read_lists(x, body);
	read_images(x, body);
	read_calls(x, body);
	if (json_has(body, "results"))
		answer_rest(x, 0, body, answer_members);
	read_counts(x, body);
	read_counts(x, json_object_get(body, "usage"));
	read_counts(x, json_array_get(json_object_get(body, "results"), 0)); /* Titan has never
									      * more */
}
