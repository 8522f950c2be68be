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
	usage_count(&prompt, json_object_get(raw, "promptTokenCount"));
	usage_count(&tools, json_object_get(raw, "toolUsePromptTokenCount"));
	usage_count(&text, json_object_get(raw, "responseTokenCount"));
	usage_count(&text, json_object_get(raw, "candidatesTokenCount"));
	usage_count(&u->reasoning, json_object_get(raw, "thoughtsTokenCount"));
	usage_count(&u->cached_read, json_object_get(raw, "cachedContentTokenCount"));
	usage_count(&u->total, json_object_get(raw, "totalTokenCount"));
	/* Not of all that was said so far: the lists may be long, and each piece repeats counts. */
	gemini_modalities(json_object_get(v, "promptTokensDetails"), "tokenCount", &u->audio_in,
			  &u->image_in);
	gemini_modalities(json_object_get(v, "candidatesTokensDetails"), "tokenCount",
			  &u->audio_out, &u->image_out);
	gemini_modalities(json_object_get(v, "responseTokensDetails"), "tokenCount", &u->audio_out,
			  &u->image_out);
	u->input = prompt == COUNT_UNKNOWN ? COUNT_UNKNOWN : sum(prompt, tools);
	/* Some count reasoning within the candidates' tokens: then the total has no room for it. */
	if (text >= u->reasoning && u->input != COUNT_UNKNOWN && u->total == u->input + text)
		u->output = text;
	else
		u->output = sum(text, u->reasoning);
	/* What is billed by another rule than by default says so. */
	if (!json_is(raw, "trafficType", "ON_DEMAND"))
		set_json(&x->service_tier, json_object_get(raw, "trafficType"));
	set_json(&x->service_tier, json_object_get(raw, "serviceTier"));
}

/* ---- answer ---- */

void gemini_answer_part(struct exchange *x, struct gemini_partial *partial, unsigned index,
			const json_t *v)
{
	const json_t *call = json_either(v, "functionCall", "function_call");
	struct message *m = &answer_choice(x, index)->msg;
	size_t before = m->nparts;

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
	if (before < ANSWER_PARTS_MAX)
		gemini_part(x, m, v);
	else
		x->response_partial = true;
	/* A call is shown as it arrives; its text is complete already. */
	if (m->nparts > before && m->parts[before].kind == PART_TOOL_CALL)
		answer_shown(x, index, &m->parts[before]);
	if (partial && before < m->nparts &&
	    (json_is_true(json_either(call, "willContinue", "will_continue")) ||
	     json_either(call, "partialArgs", "partial_args")))
		gemini_partial_begin(partial, x, index, before, call);
}

/* ---- what it rests on ---- */

static void cite_chunk(struct exchange *x, const json_t *chunk, const json_t *segment)
{
	static const char *const kinds[] = { "web", "retrievedContext", "retrieved_context", "maps",
					     NULL };
	struct citation_view c = { .start = COUNT_UNKNOWN, .end = COUNT_UNKNOWN };
	const json_t *v = NULL;

	for (size_t i = 0; kinds[i] && !v; i++)
		v = json_object_get(chunk, kinds[i]);
	c.url = json_text(v, "uri");
	c.title = json_text(v, "title");
	c.document = json_text(v, json_has(v, "documentName") ? "documentName" : "placeId");
	c.text = json_text(segment ? segment : v, "text");
	if (segment) {
		usage_count(&c.start, json_object_get(segment, "startIndex"));
		usage_count(&c.end, json_object_get(segment, "endIndex"));
	}
	answer_citation(x, &c);
}

/* Which part of the answer rests on which chunk; a chunk may support none. */
static void read_grounding(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "webSearchQueries",
					     "imageSearchQueries",
					     "groundingChunks",
					     "groundingSupports",
					     "retrievalQueries",
					     "searchEntryPoint",
					     NULL };
	const json_t *chunks = json_object_get(v, "groundingChunks"), *support, *index, *query;
	size_t i, k;

	json_each(json_object_get(v, "webSearchQueries"), i, query)
		answer_search(x, json_span(query));
	json_each(json_object_get(v, "imageSearchQueries"), i, query)
		answer_search(x, json_span(query));
	json_each(json_object_get(v, "retrievalQueries"), i, query)
		answer_search(x, json_span(query));
	json_each(json_object_get(v, "groundingSupports"), i, support)
		json_each(json_object_get(support, "groundingChunkIndices"), k, index)
			cite_chunk(x, json_array_get(chunks, (size_t)json_integer_value(index)),
				   json_object_get(support, "segment"));
	if (!json_holds(json_object_get(v, "groundingSupports")))
		json_each(chunks, i, support)
			cite_chunk(x, support, NULL);
	answer_rest(x, 0, v, known);
}

static void read_citations(struct exchange *x, const json_t *candidate)
{
	const json_t *meta = json_either(candidate, "citationMetadata", "citation_metadata");
	const json_t *list = json_either(meta, "citationSources", "citations"), *v;
	size_t i;

	json_each(list, i, v) {
		struct citation_view c = { .url = json_text(v, "uri"),
					   .title = json_text(v, "title"),
					   .start = COUNT_UNKNOWN,
					   .end = COUNT_UNKNOWN };

		usage_count(&c.start, json_object_get(v, "startIndex"));
		usage_count(&c.end, json_object_get(v, "endIndex"));
		answer_citation(x, &c);
	}
	meta = json_either(candidate, "urlContextMetadata", "url_context_metadata");
	json_each(json_either(meta, "urlMetadata", "url_metadata"), i, v)
		answer_citation(
			x, &(struct citation_view){ .url = json_span(json_either(v, "retrievedUrl",
										 "retrieved_url")),
						    .start = COUNT_UNKNOWN,
						    .end = COUNT_UNKNOWN });
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
	read_grounding(x, json_object_get(v, "groundingMetadata"));
	read_citations(x, v);
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

static void read_answer(struct exchange *x, struct gemini_partial *partial, const json_t *body)
{
	static const char *const known[] = {
		"candidates", "usageMetadata", "usage_metadata", "modelVersion",    "model_version",
		"responseId", "response_id",   "promptFeedback", "createTime",	    "error",
		"response",   "traceId",       "metadata",	 "sdkHttpResponse", NULL,
	};
	const json_t *v = gemini_unwrap(body, "response", "candidates"), *candidate;
	const json_t *block = json_at2(v, "promptFeedback", "blockReason");
	size_t i;

	set_json(&x->response_id, json_either(v, "responseId", "response_id"));
	set_json(&x->model_answered, json_either(v, "modelVersion", "model_version"));
	gemini_usage(x, json_either(v, "usageMetadata", "usage_metadata"));
	json_each(json_object_get(v, "candidates"), i, candidate)
		read_candidate(x, partial, candidate);
	if (json_is_string(block))
		answer_finish(x, 0, json_span(block), FINISH_CONTENT_FILTER);
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
};
