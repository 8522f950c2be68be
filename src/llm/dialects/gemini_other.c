/* SPDX-License-Identifier: MIT */
/* Gemini's calls beside generateContent: counting, embedding, caches. */
#include "llm/count.h"
#include "llm/dialect.h"
#include "llm/dialects/gemini.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"

/* None of them streams. */
static void other_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	dialect_gemini.response(x, data);
}

/* computeTokens lists the tokens of each content. */
static void count_listed(struct exchange *x, const json_t *list)
{
	const json_t *v;
	size_t i;

	x->counted = 0;
	json_each(list, i, v) {
		const json_t *ids = json_either(v, "tokenIds", "token_ids");

		x->counted += (int64_t)json_array_size(ids ? ids : json_object_get(v, "tokens"));
	}
}

static void count_response(struct exchange *x, const json_t *body)
{
	const json_t *list = json_either(body, "tokensInfo", "tokens_info");

	if (list)
		count_listed(x, list);
	else
		answer_count(x, body,
			     json_has(body, "total_tokens") ? "total_tokens" : "totalTokens");
}

const struct dialect dialect_gemini_count = {
	.name = "gemini.count",
	.request = gemini_request,
	.response = count_response,
	.event = other_event,
};

static const char *const embed_members[] = { "model", "content", "requests", "request", NULL };

static void embed_one(struct exchange *x, const json_t *v)
{
	set_json(&x->model_asked, json_object_get(v, "model"));
	gemini_content(x, request_message(x, SPAN_LIT("user")), json_object_get(v, "content"));
}

/* One of many; those of a batch are wrapped. */
static void embed_listed(struct exchange *x, const json_t *v)
{
	const json_t *inner = json_object_get(v, "request");

	embed_one(x, inner ? inner : v);
	request_rest(x, "requests", inner, embed_members);
	request_rest(x, "requests", v, embed_members);
}

/* asyncBatchEmbedContent: what is to be done later, given here or as a file. */
static void embed_later(struct exchange *x, const json_t *batch)
{
	static const char *const known[] = { "model", "inputConfig", "input_config", NULL };
	static const char *const inner[] = { "requests", NULL };
	const json_t *input = json_either(batch, "inputConfig", "input_config"), *v;
	size_t i;

	set_json(&x->model_asked, json_object_get(batch, "model"));
	json_each(json_at2(input, "requests", "requests"), i, v)
		embed_listed(x, v);
	request_rest(x, "batch", json_object_get(input, "requests"), inner);
	request_rest(x, "batch", input, inner);
	request_rest(x, "batch", batch, known);
}

static void embed_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "model", "content", "requests", "batch", NULL };
	const json_t *v;
	size_t i;

	if (json_has(body, "content"))
		embed_one(x, body);
	json_each(json_object_get(body, "requests"), i, v)
		embed_listed(x, v);
	embed_later(x, json_object_get(body, "batch"));
	request_params(x, body, known);
}

/* Vectors are left out. Of a batch there is only its name. */
static void embed_response(struct exchange *x, const json_t *body)
{
	static const char *const known[] = {
		"embedding", "embeddings", "usageMetadata", "usage_metadata", "error", "name", NULL
	};

	set_json(&x->response_id, json_object_get(body, "name"));
	gemini_usage(x, json_either(body, "usageMetadata", "usage_metadata"));
	if (json_has(body, "error"))
		answer_error_of(x, body);
	answer_rest(x, 0, body, known);
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
