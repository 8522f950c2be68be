/* SPDX-License-Identifier: MIT */
/* Answers in formats that have no dialect of their own: the text under one of its usual names,
 * behind any wrappers, or choices as of Chat Completions. Text Generation Inference
 * (huggingface.github.io/text-generation-inference), pipelines of Hugging Face, Cloudflare's
 * workers, DeepInfra, Oracle's generative AI (docs.oracle.com/iaas/api), SAP AI Core's
 * orchestration, watsonx, Replicate, Aleph Alpha, AI21 (read November 2026). */
#include "llm/dialect.h"
#include "llm/dialects/generic.h"
#include "llm/dialects/mistral_entries.h"
#include "llm/dialects/openai.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"

#define WRAPS_MAX 5
/* Of an answer, for one that was said before. */
#define PARTS_SEARCHED 64

/* What holds an answer. */
static const char *const wraps[] = { "output",
				     "chatResponse",
				     "inferenceResponse",
				     "final_result",
				     "orchestration_result",
				     "result",
				     "response",
				     "data",
				     NULL };
static const char *const texts[] = { "generated_text",
				     "summary_text",
				     "translation_text",
				     "completion",
				     "text",
				     "outputText",
				     "output",
				     "content",
				     "response",
				     "deltaText",
				     "token",
				     "answer",
				     "generation",
				     "generated_texts",
				     "delta",
				     "predictions",
				     "data",
				     "result",
				     "outputs",
				     "message",
				     "chatResponse",
				     "inferenceResponse",
				     NULL };
static const char *const stops[] = { "stop_reason",	 "finish_reason", "finishReason",
				     "completionReason", "stopReason",	  NULL };
static const char *const lists[] = { "results",	       "completions", "generations",
				     "generatedTexts", "outputs",     NULL };

/* ---- counts and ends ---- */

void generic_usage(struct exchange *x, const json_t *v)
{
	static const char *const ins[] = { "input_token_count", "input_tokens",
					   "num_input_tokens",	"input_length",
					   "tokens_input",	"inputTokens",
					   "inputTokenCount",	"tokens_evaluated" };
	static const char *const outs[] = {
		"generated_token_count", "output_token_count", "output_tokens",
		"num_output_tokens",	 "num_tokens",	       "generated_tokens",
		"tokens_generated",	 "outputTokens",       "outputTokenCount",
		"tokens_predicted"
	};
	int64_t in = COUNT_UNKNOWN, out = COUNT_UNKNOWN;

	for (size_t i = 0; i < sizeof(ins) / sizeof(*ins) && in == COUNT_UNKNOWN; i++)
		usage_count(&in, json_object_get(v, ins[i]));
	for (size_t i = 0; i < sizeof(outs) / sizeof(*outs) && out == COUNT_UNKNOWN; i++)
		usage_count(&out, json_object_get(v, outs[i]));
	if (in != COUNT_UNKNOWN)
		x->usage.input = in;
	if (out != COUNT_UNKNOWN)
		x->usage.output = out;
}

static void usage_object(struct exchange *x, const json_t *v)
{
	openai_usage(x, v);
	generic_usage(x, v);
}

void generic_finish(struct exchange *x, unsigned index, struct span raw)
{
	static const struct finish_row finishes[] = {
		{ "eos_token", FINISH_STOP },	  { "stop_sequence", FINISH_STOP },
		{ "end_turn", FINISH_STOP },	  { "complete", FINISH_STOP },
		{ "max_tokens", FINISH_LENGTH },  { "error_limit", FINISH_LENGTH },
		{ "tool_use", FINISH_TOOL_CALL }, { "tool_call", FINISH_TOOL_CALL },
		{ "error", FINISH_ERROR },	  { "error_toxic", FINISH_CONTENT_FILTER },
	};
	enum finish f = openai_finish(raw);

	/* DashScope's pieces say "null" until the last. */
	if (!raw.len || span_eq(raw, SPAN_LIT("null")))
		return;
	if (f == FINISH_OTHER)
		f = finish_of(raw, finishes, sizeof(finishes) / sizeof(*finishes));
	answer_finish(x, index, raw, f);
}

/* ---- what is not known ---- */

/* Events repeat ids and the like: a text that is there need not be added to itself. */
static bool is_said(struct exchange *x, unsigned index, const char *key, const json_t *value)
{
	const struct message *m = &answer_choice(x, index)->msg;
	const struct part *p;

	for (size_t i = 0; i < m->nparts && i < PARTS_SEARCHED; i++) {
		p = &m->parts[i];
		if (p->kind == PART_OTHER && p->type_raw && strcmp(p->type_raw, key) == 0)
			return json_span(value).len &&
			       span_eq(buf_span(&p->text), json_span(value));
	}
	return false;
}

/* Pictures and speech as base64. */
static bool read_binary(struct exchange *x, unsigned index, const char *key, const json_t *value)
{
	static const char *const sounds[] = { "audio", "audio_base64", NULL };
	bool image = strcmp(key, "image") == 0;

	if (!json_is_text(value) || (!image && !json_name_in(key, sounds)))
		return false;
	if (json_span(value).len)
		part_base64(answer_part(x, index, image ? PART_IMAGE : PART_AUDIO, -1),
			    span_of(NULL, 0), json_span(value));
	return true;
}

/* The member that has the answer. Each value stands in one place, except true and false. */
static bool is_read(const json_t *v, const json_t *value)
{
	return !json_is_boolean(value) &&
	       (value == generic_first(v, texts) || value == generic_first(v, wraps));
}

static void read_rest(struct exchange *x, unsigned index, const json_t *v)
{
	/* Tokens one by one, vectors, what is echoed, and what is read elsewhere are left out. */
	static const char *const known[] = { "usage",
					     "details",
					     "id",
					     "request_id",
					     "model",
					     "model_id",
					     "model_version",
					     "modelId",
					     "modelVersion",
					     "index",
					     "chatHistory",
					     "metrics",
					     "inference_status",
					     "success",
					     "apiFormat",
					     "generated_text",
					     "token",
					     "results",
					     "completions",
					     "generations",
					     "toolCalls",
					     "tool_calls",
					     "created_at",
					     "created",
					     "num_tokens",
					     "num_input_tokens",
					     "num_output_tokens",
					     "input_token_count",
					     "generated_token_count",
					     "output_token_count",
					     "prompt",
					     "p",
					     "logprobs",
					     "embedding",
					     "embeddings",
					     "type",
					     "object",
					     "error",
					     "errors",
					     "version",
					     "urls",
					     "input",
					     "optimized_prompt",
					     "module_results",
					     "intermediate_results",
					     NULL };
	const char *key;
	json_t *value, *rest = json_object();

	json_object_foreach((json_t *)v, key, value)
		if (!is_read(v, value) && !json_name_in(key, stops) &&
		    !is_said(x, index, key, value) && !read_binary(x, index, key, value))
			json_object_set(rest, key, value);
	answer_rest(x, index, rest, known);
	json_decref(rest);
}

/* What the modules of SAP's orchestration say, beside the model's answer and the prompt. */
static void read_modules(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "llm", "templating", NULL };

	answer_rest(x, 0, json_object_get(body, "module_results"), known);
	answer_rest(x, 0, json_object_get(body, "intermediate_results"), known);
}

/* Of the objects in which the one that has the choices lies. */
static void read_wraps(struct exchange *x, const json_t *v, const json_t *holder)
{
	read_modules(x, v);
	for (; v && v != holder; v = generic_first(v, wraps))
		read_rest(x, 0, v);
}

/* ---- choices ---- */

static bool is_choice(const json_t *v)
{
	return json_has(v, "role") || json_is_object(json_object_get(v, "message")) ||
	       json_is_object(json_object_get(v, "delta")) || json_has(v, "text");
}

/* The object, behind wrappers, that has choices; NULL: none. */
static const json_t *holder_of(const json_t *v)
{
	for (unsigned depth = 0; v && depth < WRAPS_MAX; depth++) {
		if (is_choice(json_array_get(json_object_get(v, "choices"), 0)))
			return v;
		v = generic_first(v, wraps);
	}
	return NULL;
}

/* One choice as of Chat Completions, a new value. */
static json_t *as_chat_choice(const json_t *choice)
{
	json_t *out = json_copy((json_t *)choice);
	json_t *m = json_object_get(choice, "message"), *text = json_object_get(choice, "text");

	if (json_is_object(m)) {
		json_object_set_new(out, "message", generic_as_chat(m));
	} else if (json_is_text(text) && !json_has(choice, "delta")) {
		json_object_set_new(out, "message", json_object());
		json_object_set(json_object_get(out, "message"), "content", text);
	}
	return out;
}

static void read_choices(struct exchange *x, const json_t *holder)
{
	json_t *chat = json_copy((json_t *)holder), *list = json_array();
	const json_t *v, *choices = json_object_get(holder, "choices");
	bool pieces = json_has(json_array_get(choices, 0), "delta");
	size_t i;

	json_array_foreach(choices, i, v)
		json_array_append_new(list, as_chat_choice(v));
	json_object_set_new(chat, "choices", list);
	json_object_del(chat, "apiFormat");
	json_object_del(chat, "timeCreated");
	if (pieces)
		dialect_openai_chat.event(x, NULL, span_of(NULL, 0), chat);
	else
		dialect_openai_chat.response(x, chat);
	usage_object(x, json_object_get(holder, "usage"));
	json_decref(chat);
}

/* Oracle's pieces are choices by themselves. */
static bool is_bare_choice(const json_t *v)
{
	const json_t *m = json_object_get(v, "message");

	return json_is_object(m) &&
	       (json_has(m, "role") || json_has(m, "content") || json_has(m, "toolCalls"));
}

static void read_bare_choice(struct exchange *x, const json_t *v)
{
	json_t *holder = json_object(), *list = json_array();

	json_array_append(list, (json_t *)v);
	json_object_set_new(holder, "choices", list);
	read_choices(x, holder);
	json_decref(holder);
}

/* ---- texts ---- */

/* The last of the messages that a pipeline returns is its answer; those before were asked. */
static const json_t *last_of_chat(const json_t *list)
{
	const json_t *last = json_array_get(list, json_array_size(list) - 1);

	return json_is(last, "role", "assistant") ? json_object_get(last, "content") : NULL;
}

static void read_text(struct exchange *x, unsigned index, const json_t *text)
{
	const json_t *piece;
	size_t i;

	if (json_is_array(text) && last_of_chat(text))
		text = last_of_chat(text);
	answer_text(x, index, PART_TEXT, json_span(text));
	json_array_foreach(text, i, piece)
		answer_text(x, index, PART_TEXT,
			    json_is_object(piece) ? json_text(piece, "text") : json_span(piece));
}

static void read_calls(struct exchange *x, unsigned index, const json_t *v)
{
	json_t *m, *chat;

	if (!json_array_size(json_object_get(v, "toolCalls")) &&
	    !json_array_size(json_object_get(v, "tool_calls")))
		return;
	m = json_object();
	json_object_set(m, "tool_calls", json_either(v, "toolCalls", "tool_calls"));
	chat = json_pack("{s:[{s:i,s:o}]}", "choices", "index", (int)index, "message", m);
	read_choices(x, chat);
	json_decref(chat);
}

static void read_entry(struct exchange *x, const json_t *v, int at)
{
	json_t *message = mistral_as_chat(v, (int)json_index(v, "output_index", at));
	json_t *chat = json_pack("{s:[{s:i,s:o}]}", "choices", "index", 0, "message", message);

	set_json(&x->model_answered, json_object_get(v, "model"));
	read_choices(x, chat);
	json_decref(chat);
}

/* What TGI and others say of one answer. */
static void read_details(struct exchange *x, unsigned index, const json_t *v)
{
	static const char *const known[] = {
		"generated_tokens",  "input_length",  "prefill", "tokens", "top_tokens",
		"best_of_sequences", "finish_reason", "seed",	 NULL
	};
	const json_t *details = json_object_get(v, "details");
	size_t asked = json_array_size(json_object_get(details, "prefill"));

	generic_finish(x, index, json_span(generic_first(details, stops)));
	if (asked)
		x->usage.input = (int64_t)asked;
	generic_usage(x, details);
	answer_rest(x, index, details, known);
}

/* One result, or the answer itself. */
static void read_result(struct exchange *x, unsigned index, const json_t *v)
{
	const json_t *text = generic_first(v, texts);

	for (unsigned i = 0; json_is_object(text) && i < WRAPS_MAX; i++) {
		usage_object(x, json_object_get(text, "usage"));
		read_calls(x, index, text);
		generic_finish(x, index, json_span(generic_first(text, stops)));
		read_rest(x, index, text);
		text = generic_first(text, texts);
	}
	read_text(x, index, text);
	read_calls(x, index, v);
	generic_finish(x, index, json_span(generic_first(v, stops)));
	read_details(x, index, v);
	if (json_has(v, "input_token_count") || json_has(v, "generated_token_count"))
		usage_raw(x, v);
	generic_usage(x, v);
	read_rest(x, index, v);
}

static void read_envelope(struct exchange *x, const json_t *body)
{
	if (!x->response_id)
		set_json(&x->response_id,
			 json_object_get(body, json_has(body, "id") ? "id" : "request_id"));
	set_json(&x->model_answered, generic_first(body, generic_models));
	usage_object(x, json_object_get(body, "usage"));
	/* DeepInfra's, with the cost in dollars. */
	if (json_is_object(json_object_get(body, "inference_status")))
		usage_raw(x, json_object_get(body, "inference_status"));
	generic_usage(x, json_object_get(body, "inference_status"));
	generic_usage(x, json_object_get(body, "metrics"));
}

/* The list of results that an answer is or has; NULL: it is one itself. Pipelines that are asked
 * several things answer each with a list of its own. */
static const json_t *list_of(const json_t *body)
{
	const json_t *inner = json_object_get(body, "inferenceResponse"), *list;

	list = json_is_array(body) ? body : generic_first(inner ? inner : body, lists);
	if (json_array_size(list) == 1 && json_is_array(json_array_get(list, 0)))
		list = json_array_get(list, 0);

	return json_is_object(json_array_get(list, 0)) ? list : NULL;
}

/* Entries follow each other, other results are choices. */
static void read_element(struct exchange *x, const json_t *v, size_t at)
{
	if (mistral_is_entry(v))
		read_entry(x, v, (int)at);
	else
		read_result(x, (unsigned)at, v);
}

void generic_answer(struct exchange *x, const json_t *body)
{
	const json_t *list = list_of(body), *v;
	const json_t *chat = holder_of(body);
	size_t i;

	read_envelope(x, body);
	if (answer_error_of(x, body))
		return;
	if (chat) {
		read_wraps(x, body, chat);
		read_choices(x, chat);
		return;
	}
	if (is_bare_choice(body)) {
		read_bare_choice(x, body);
		return;
	}
	if (!list)
		read_element(x, body, 0);
	json_array_foreach(list, i, v)
		read_element(x, v, i);
}

/* ---- streams ---- */

/* TGI's: a token, and with the last the whole text again. */
static void read_token(struct exchange *x, const json_t *data, const json_t *token)
{
	static const char *const known[] = { "id", "text", "logprob", "special", NULL };
	struct span whole = json_text(data, "generated_text");
	const struct choice *c = answer_choice(x, 0);

	if (!json_is_true(json_object_get(token, "special")))
		answer_text(x, 0, PART_TEXT, json_text(token, "text"));
	if (whole.len && !c->msg.nparts)
		answer_text(x, 0, PART_TEXT, whole);
	answer_rest(x, 0, token, known);
	read_details(x, 0, data);
	generic_usage(x, data);
	read_rest(x, 0, data);
}

/* Oracle's last piece repeats the text, beside the conversation. */
static bool is_repeated(struct exchange *x, const json_t *data)
{
	return json_has(data, "chatHistory") && answer_choice(x, 0)->msg.nparts > 0;
}

void generic_piece(struct exchange *x, const json_t *data)
{
	const json_t *token = json_object_get(data, "token");

	if (is_repeated(x, data)) {
		read_envelope(x, data);
		generic_finish(x, 0, json_span(generic_first(data, stops)));
	} else if (json_is_object(token) && json_is_text(json_object_get(token, "text"))) {
		read_envelope(x, data);
		if (!answer_error_of(x, data))
			read_token(x, data, token);
	} else {
		generic_answer(x, data);
	}
}
