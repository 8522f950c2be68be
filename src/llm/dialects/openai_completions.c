/* SPDX-License-Identifier: MIT */
/* OpenAI's older Completions: platform.openai.com/docs/api-reference/completions (read November
 * 2026), which vLLM, llama.cpp, Together and editors still use; and llama.cpp's own /completion. */
#include "llm/dialect.h"
#include "llm/dialects/openai.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/pieces.h"
#include "llm/rest.h"

/* A text, a list of texts, a list of token numbers, or a list of those. */
static void read_prompt(struct exchange *x, const json_t *prompt)
{
	const json_t *v;
	size_t i;

	if (!prompt)
		return;
	if (!json_is_text(json_array_get(prompt, 0))) {
		part_json(message_part(x, request_message(x, SPAN_LIT("user")), PART_TEXT), prompt);
		return;
	}
	json_array_foreach(prompt, i, v)
		message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT, json_span(v));
}

/* llama.cpp's /infill: what stands before and behind the gap, and in other files. */
static void read_infill(struct exchange *x, const json_t *body)
{
	static const char *const names[] = { "input_prefix", "input_suffix" };
	const json_t *v;
	struct message *m;
	size_t i;

	if (!json_has(body, names[0]) && !json_has(body, names[1]))
		return;
	json_array_foreach(json_object_get(body, "input_extra"), i, v)
		message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT,
			     json_text(v, "text"));
	m = request_message(x, SPAN_LIT("user"));
	for (i = 0; i < 2; i++)
		if (json_text(body, names[i]).len)
			message_text(x, m, PART_TEXT, json_text(body, names[i]));
}

static void completions_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = {
		"model", "prompt", "stream", "input_prefix", "input_suffix", "input_extra", NULL
	};

	set_json(&x->model_asked, json_object_get(body, "model"));
	x->stream_requested = json_is_true(json_object_get(body, "stream"));
	read_infill(x, body);
	read_prompt(x, json_object_get(body, "prompt"));
	request_params(x, body, known);
}

static void read_choice(struct exchange *x, const json_t *v)
{
	/* Tokens one by one are left out. */
	static const char *const known[] = { "index",
					     "text",
					     "finish_reason",
					     "logprobs",
					     "stop_reason",
					     "prompt_logprobs",
					     "matched_stop",
					     "token_ids",
					     "prompt_token_ids",
					     "seed",
					     "content_filter_results",
					     NULL };
	unsigned index = (unsigned)json_index(v, "index", 0);
	struct span finish = json_text(v, "finish_reason");

	answer_choice(x, index);
	answer_text(x, index, PART_TEXT, json_text(v, "text"));
	if (finish.len)
		answer_finish(x, index, finish, openai_finish(finish));
	answer_rest(x, index, v, known);
}

/* llama.cpp's own format: one text, with counts. */
static void read_llama(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "content",
					     "tokens",
					     "tokens_evaluated",
					     "tokens_predicted",
					     "timings",
					     "stop",
					     "stop_type",
					     "stopping_word",
					     "model",
					     "prompt",
					     "id_slot",
					     "generation_settings",
					     "has_new_line",
					     "truncated",
					     "tokens_cached",
					     "completion_probabilities",
					     "index",
					     "slot_id",
					     "stopped_eos",
					     "stopped_limit",
					     "stopped_word",
					     "oaicompat_msg_diffs",
					     NULL };
	struct span stop = json_text(v, "stop_type");

	answer_text(x, 0, PART_TEXT, json_text(v, "content"));
	usage_count(&x->usage.input, json_object_get(v, "tokens_evaluated"));
	usage_count(&x->usage.output, json_object_get(v, "tokens_predicted"));
	if (json_has(v, "tokens_predicted"))
		usage_raw(x, json_object_get(v, "timings"));
	if (stop.len && json_is_true(json_object_get(v, "stop")))
		answer_finish(x, 0, stop,
			      span_eq(stop, SPAN_LIT("limit")) ? FINISH_LENGTH : FINISH_STOP);
	answer_rest(x, 0, v, known);
}

/* Without choices: llama.cpp's own format, or Writer's pieces. */
static bool read_plain(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "value", NULL };

	if (json_is_text(json_object_get(body, "content"))) {
		read_llama(x, body);
		return true;
	}
	if (!json_is_text(json_object_get(body, "value")))
		return false;
	answer_text(x, 0, PART_TEXT, json_text(body, "value"));
	answer_rest(x, 0, body, known);
	return true;
}

static void read_answer(struct exchange *x, struct span name, const json_t *data)
{
	const json_t *choices = json_object_get(data, "choices"), *v;
	bool failed = answer_error_event(x, name, data);
	size_t i;

	if (!x->response_id)
		set_json(&x->response_id, json_object_get(data, "id"));
	set_json(&x->model_answered, json_object_get(data, "model"));
	openai_usage(x, json_object_get(data, "usage"));
	json_each(choices, i, v)
		read_choice(x, v);
	if (i || !(failed || read_plain(x, data)))
		openai_rest(x, data);
}

static void completions_response(struct exchange *x, const json_t *body)
{
	read_answer(x, span_of(NULL, 0), body);
}

/* ---- streams ---- */

struct stream {
	bool tells_end; /* each piece says whether it is the last; Writer's do not */
};

static void completions_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	struct stream *s = state;

	/* A null is a member. */
	s->tells_end |=
		json_object_get(json_first(json_object_get(data, "choices")), "finish_reason") ||
		json_object_get(data, "stop");
	read_answer(x, name, data);
}

static void completions_ended(struct exchange *x, void *state)
{
	const struct stream *s = state;

	if (s->tells_end)
		pieces_expect_finish(x);
}

static bool is_completions_request(const json_t *body)
{
	const json_t *prompt = json_object_get(body, "prompt");

	/* Image and video models take a prompt too. */
	return (json_is_text(prompt) || json_array_size(prompt) > 0) &&
	       (json_has(body, "max_tokens") || json_has(body, "n_predict"));
}

static bool suits_completions(const json_t *body)
{
	return json_has(body, "prompt") || json_has(body, "input_prefix") ||
	       json_has(body, "input_suffix");
}

static bool is_completions_response(const json_t *body)
{
	return json_is(body, "object", "text_completion");
}

const struct dialect dialect_openai_completions = {
	.name = "openai.completions",
	.state_size = sizeof(struct stream),
	.proves_request = is_completions_request,
	.plausible_request = suits_completions,
	.proves_response = is_completions_response,
	.request = completions_request,
	.response = completions_response,
	.event = completions_event,
	.ended = completions_ended,
};
