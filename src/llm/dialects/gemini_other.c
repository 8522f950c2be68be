/* SPDX-License-Identifier: MIT */
/* Gemini's calls beside generateContent: counting, embedding, caches. */
#include "llm/count.h"
#include "llm/dialect.h"
#include "llm/dialects/gemini.h"
#include "llm/error.h"
#include "llm/json.h"

/* None of them streams. */
static void other_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	dialect_gemini.response(x, data);
}

static void count_response(struct exchange *x, const json_t *body)
{
	answer_count(x, body, "totalTokens");
}

const struct dialect dialect_gemini_count = {
	.name = "gemini.count",
	.request = gemini_request,
	.response = count_response,
	.event = other_event,
};

static void embed_one(struct exchange *x, const json_t *v)
{
	set_json(&x->model_asked, json_object_get(v, "model"));
	gemini_content(x, request_message(x, SPAN_LIT("user")), json_object_get(v, "content"));
}

static void embed_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "model", "content", "requests", NULL };
	const json_t *v;
	size_t i;

	if (json_has(body, "content"))
		embed_one(x, body);
	json_each(json_object_get(body, "requests"), i, v)
		embed_one(x, v);
	request_params(x, body, known);
}

static void embed_response(struct exchange *x, const json_t *body)
{
	gemini_usage(x, json_either(body, "usageMetadata", "usage_metadata"));
	if (json_has(body, "error"))
		answer_error_of(x, body);
}

const struct dialect dialect_gemini_embed = {
	.name = "gemini.embed",
	.request = embed_request,
	.response = embed_response,
	.event = other_event,
};

/* A cache holds contents like a request, and the answer states how many tokens they are. */
static void cache_response(struct exchange *x, const json_t *body)
{
	set_json(&x->response_id, json_object_get(body, "name"));
	set_json(&x->model_answered, json_object_get(body, "model"));
	gemini_usage(x, json_either(body, "usageMetadata", "usage_metadata"));
	if (json_has(body, "error"))
		answer_error_of(x, body);
}

const struct dialect dialect_gemini_cache = {
	.name = "gemini.cache",
	.request = gemini_request,
	.response = cache_response,
	.event = other_event,
};
