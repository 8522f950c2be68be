/* SPDX-License-Identifier: MIT */
/* Gemini, on Google's developer API, on Vertex AI and behind gemini-cli's login:
 * ai.google.dev/api/generate-content, .../tokens, .../embeddings (read November 2026). A stream is
 * a sequence of whole answers, each with the next piece. Names are camelCase; snake_case is
 * accepted too. */
#include <stdlib.h>

#include "exchange/citations.h"
#include "llm/dialect.h"
#include "llm/dialects/gemini.h"
#include "llm/dialects/gemini_partial.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"

static const struct finish_row finishes[] = {
	{ "STOP", FINISH_STOP },
	{ "MAX_TOKENS", FINISH_LENGTH },
	{ "SAFETY", FINISH_CONTENT_FILTER },
	{ "RECITATION", FINISH_CONTENT_FILTER },
	{ "BLOCKLIST", FINISH_CONTENT_FILTER },
	{ "PROHIBITED_CONTENT", FINISH_CONTENT_FILTER },
	{ "SPII", FINISH_CONTENT_FILTER },
	{ "IMAGE_SAFETY", FINISH_CONTENT_FILTER },
	{ "MODEL_ARMOR", FINISH_CONTENT_FILTER },
	{ "MALFORMED_FUNCTION_CALL", FINISH_ERROR },
	{ "UNEXPECTED_TOOL_CALL", FINISH_ERROR },
	{ "TOO_MANY_TOOL_CALLS", FINISH_ERROR },
	/* Numbers instead of names, used with "enum-encoding=int". */
	{ "1", FINISH_STOP },
	{ "2", FINISH_LENGTH },
	{ "3", FINISH_CONTENT_FILTER },
	{ "4", FINISH_CONTENT_FILTER },
};

/* ---- usage ---- */

void gemini_modalities(const json_t *list, const char *count, int64_t *audio, int64_t *image)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v) {
		struct span modality = json_text(v, "modality");

		if (span_caseeq(modality, SPAN_LIT("AUDIO")))
			usage_count(audio, json_object_get(v, count));
		if (span_caseeq(modality, SPAN_LIT("IMAGE")))
			usage_count(image, json_object_get(v, count));
	}
}

static void read_details(const json_t *v, const char *camel, const char *snake, int64_t *audio,
			 int64_t *image)
{
	const json_t *list = json_either(v, camel, snake);

	gemini_modalities(list, "tokenCount", audio, image);
	gemini_modalities(list, "token_count", audio, image);
}

static int64_t sum(int64_t a, int64_t b)
{
	return a == COUNT_UNKNOWN ? b : b == COUNT_UNKNOWN ? a : a + b;
}

/* Reasoning is counted beside the candidates' tokens, tools' input beside the prompt's. A stream
 * repeats the growing counts, not always all of them. */
void gemini_usage(struct exchange *x, const json_t *v)
{
	struct usage *u = &x->usage;
	const json_t *raw;
	int64_t prompt = COUNT_UNKNOWN, tools = COUNT_UNKNOWN, text = COUNT_UNKNOWN;

	if (!json_is_object(v) || json_object_size(v) == 0)
		return;
	usage_raw(x, v);
	raw = u->raw;
	usage_count(&prompt, json_either(raw, "promptTokenCount", "prompt_token_count"));
	usage_count(&tools,
		    json_either(raw, "toolUsePromptTokenCount", "tool_use_prompt_token_count"));
	usage_count(&text, json_either(raw, "responseTokenCount", "response_token_count"));
	usage_count(&text, json_either(raw, "candidatesTokenCount", "candidates_token_count"));
	usage_count(&u->reasoning, json_either(raw, "thoughtsTokenCount", "thoughts_token_count"));
	usage_count(&u->cached_read,
		    json_either(raw, "cachedContentTokenCount", "cached_content_token_count"));
	usage_count(&u->total, json_either(raw, "totalTokenCount", "total_token_count"));
	/* Not of all that was said so far: the lists may be long, and each piece repeats counts. */
	read_details(v, "promptTokensDetails", "prompt_tokens_details", &u->audio_in, &u->image_in);
	read_details(v, "candidatesTokensDetails", "candidates_tokens_details", &u->audio_out,
		     &u->image_out);
	read_details(v, "responseTokensDetails", "response_tokens_details", &u->audio_out,
		     &u->image_out);
	u->input = prompt == COUNT_UNKNOWN ? COUNT_UNKNOWN : sum(prompt, tools);
	/* Some count reasoning within the candidates' tokens: then the total has no room for it. */
	if (text >= u->reasoning && u->input != COUNT_UNKNOWN && u->total == u->input + text)
		u->output = text;
	else
		u->output = sum(text, u->reasoning);
	/* What is billed by another rule than by default says so. */
	if (!span_eq(json_span(json_either(raw, "trafficType", "traffic_type")),
		     SPAN_LIT("ON_DEMAND")))
		set_json(&x->service_tier, json_either(raw, "trafficType", "traffic_type"));
	set_json(&x->service_tier, json_either(raw, "serviceTier", "service_tier"));
}

/* ---- answer ---- */

/* What a tool that Google runs was asked for. */
static void gemini_searches(struct exchange *x, const json_t *call)
{
	const json_t *query;
	size_t i;

	json_each(json_at2(call, "args", "queries"), i, query)
		answer_search(x, json_span(query));
}

void gemini_answer_part(struct exchange *x, struct gemini_partial *partial, unsigned index,
			const json_t *v)
{
	const json_t *call = json_either(v, "functionCall", "function_call");
	struct message *m = &answer_choice(x, index)->msg;
	size_t before = m->nparts;

	if (json_is_text(v)) {
		answer_text(x, index, PART_TEXT, json_span(v));
		return;
	}
	if (json_has(v, "text")) {
		answer_text(x, index,
			    json_is_true(json_object_get(v, "thought")) ? PART_REASONING
									: PART_TEXT,
			    json_text(v, "text"));
		answer_rest(x, index, v, gemini_part_members);
		return;
	}
	if (call && partial && gemini_partial_feed(partial, x, call))
		return;
	/* What goes on has to have begun. */
	if (call && json_is_empty(call)) {
		x->response_partial |= partial != NULL;
		return;
	}
	if (before < ANSWER_PARTS_MAX)
		gemini_part(x, m, v);
	else
		x->response_partial = true;
	gemini_searches(x, json_either(v, "toolCall", "tool_call"));
	/* A call is shown as it arrives; its text is complete already. */
	if (m->nparts > before && m->parts[before].kind == PART_TOOL_CALL)
		answer_shown(x, index, &m->parts[before]);
	if (partial && before < m->nparts &&
	    (json_is_true(json_either(call, "willContinue", "will_continue")) ||
	     json_either(call, "partialArgs", "partial_args")))
		gemini_partial_begin(partial, x, index, before, call);
}

static void read_candidate(struct exchange *x, struct gemini_partial *partial, const json_t *v)
{
	static const char *const known[] = {
		"index",
		"content",
		"finishReason",
		"finish_reason",
		"safetyRatings",
		"safety_ratings",
		"groundingMetadata",
		"grounding_metadata",
		"citationMetadata",
		"citation_metadata",
		"urlContextMetadata",
		"url_context_metadata",
		"avgLogprobs",
		"logprobsResult",
		"tokenCount",
		NULL,
	};
	static const char *const content[] = { "role", "parts", NULL };
	unsigned index = (unsigned)json_index(v, "index", 0);
	const json_t *reason = json_either(v, "finishReason", "finish_reason"), *part;
	const json_t *parts = json_object_get(json_object_get(v, "content"), "parts");
	char *raw = NULL;
	size_t i;

	answer_choice(x, index);
	json_each(parts, i, part)
		gemini_answer_part(x, partial, index, part);
	gemini_sources(x, index, v);
	answer_rest(x, index, v, known);
	answer_rest(x, index, json_object_get(v, "content"), content);
	set_json(&raw, reason);
	if (raw) {
		enum finish f =
			finish_of(span_str(raw), finishes, sizeof(finishes) / sizeof(*finishes));
		const struct message *m = &answer_choice(x, index)->msg;

		/* STOP is also used for calls. */
		if (f == FINISH_STOP && m->nparts && m->parts[m->nparts - 1].kind == PART_TOOL_CALL)
			f = FINISH_TOOL_CALL;
		answer_finish(x, index, span_str(raw), f);
	}
	free(raw);
}

/* Why there is no answer. */
static void read_feedback(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "blockReason",
					     "block_reason",
					     "blockReasonMessage",
					     "block_reason_message",
					     "safetyRatings",
					     "safety_ratings",
					     NULL };
	char *raw = NULL;

	if (!v)
		return;
	set_json(&raw, json_either(v, "blockReason", "block_reason"));
	if (raw)
		answer_finish(x, 0, span_str(raw), FINISH_CONTENT_FILTER);
	answer_text(x, 0, PART_REFUSAL,
		    json_span(json_either(v, "blockReasonMessage", "block_reason_message")));
	answer_rest(x, 0, v, known);
	free(raw);
}

static void read_answer(struct exchange *x, struct gemini_partial *partial, const json_t *body)
{
	static const char *const known[] = {
		"candidates",
		"usageMetadata",
		"usage_metadata",
		"modelVersion",
		"model_version",
		"responseId",
		"response_id",
		"promptFeedback",
		"createTime",
		"error",
		"prompt_feedback",
		"create_time",
		"response",
		"traceId",
		"metadata",
		"sdkHttpResponse",
		NULL,
	};
	const json_t *v = gemini_unwrap(body, "response", "candidates"), *candidate;
	size_t i;

	set_json(&x->response_id, json_either(v, "responseId", "response_id"));
	set_json(&x->model_answered, json_either(v, "modelVersion", "model_version"));
	gemini_usage(x, json_either(v, "usageMetadata", "usage_metadata"));
	json_each(json_object_get(v, "candidates"), i, candidate)
		read_candidate(x, partial, candidate);
	read_feedback(x, json_either(v, "promptFeedback", "prompt_feedback"));
	if (json_has(body, "error"))
		answer_error_of(x, body);
	if (json_has(v, "candidates"))
		answer_rest(x, 0, v, known);
}

static void gemini_response(struct exchange *x, const json_t *body)
{
	const json_t *v;
	size_t i;

	json_each(body, i, v)
		read_answer(x, NULL, v);
}

static void gemini_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	read_answer(x, state, data);
}

/* The last of the pieces says why it is the last. */
static void gemini_ended(struct exchange *x, void *state)
{
	bool whole = false;

	for (size_t i = 0; i < x->nchoices; i++)
		whole |= x->choices[i].finish_raw != NULL;
	x->response_partial |= !whole;
	gemini_partial_end(state, x);
}

static void state_done(void *state)
{
	gemini_partial_done(state);
}

static bool is_gemini_request(const json_t *body)
{
	const json_t *v = gemini_unwrap(body, "request", "contents");
	const json_t *first;

	json_next(json_object_get(v, "contents"), 0, &first);
	return json_holds(json_object_get(first, "parts"));
}

static bool is_gemini_response(const json_t *body)
{
	const json_t *v = gemini_unwrap(body, "response", "candidates");

	return json_holds(json_object_get(v, "candidates")) &&
	       (json_has(v, "usageMetadata") || json_has(v, "modelVersion"));
}

const struct dialect dialect_gemini = {
	.name = "gemini.generate",
	.state_size = sizeof(struct gemini_partial),
	.state_done = state_done,
	.proves_request = is_gemini_request,
	.proves_response = is_gemini_response,
	.array_stream = true,
	.request = gemini_request,
	.response = gemini_response,
	.event = gemini_event,
	.ended = gemini_ended,
};
