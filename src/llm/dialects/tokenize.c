/* SPDX-License-Identifier: MIT */
/* Servers that count or list the tokens of a text: vLLM, SGLang, llama.cpp, TGI, Cohere, xAI,
 * watsonx, Moonshot, Z.ai, DashScope, Baidu and LiteLLM, as their references describe them (read
 * November 2026). None uses a model. */
#include "llm/dialect.h"
#include "llm/dialects/openai.h"
#include "llm/error.h"
#include "llm/json.h"

static const char *const texts[] = { "prompt", "text", "content", "input", "inputs", NULL };

static const json_t *first_of(const json_t *v, const char *const *names)
{
	for (; *names; names++)
		if (json_has(v, *names))
			return json_object_get(v, *names);
	return NULL;
}

/* ---- request ---- */

static const json_t *messages_of(const json_t *body)
{
	const json_t *wrapped = json_at2(body, "input", "messages"); /* DashScope */

	return wrapped ? wrapped : json_object_get(body, "messages");
}

static void read_text(struct exchange *x, const json_t *v)
{
	part_json(message_part(x, request_message(x, SPAN_LIT("user")), PART_TEXT), v);
}

static void tokenize_request(struct exchange *x, const json_t *body)
{
	static const char *const models[] = { "model", "model_id", NULL };
	static const char *const known[] = { "model",	"model_id", "messages", "prompt", "text",
					     "content", "input",    "inputs",	NULL };
	const json_t *text = first_of(body, texts), *messages = messages_of(body), *v;
	size_t i;

	set_json(&x->model_asked, first_of(body, models));
	json_array_foreach(messages, i, v)
		openai_chat_message(x, v);
	json_array_foreach(messages ? NULL : text, i, v)
		read_text(x, v);
	if (text && !messages && !json_is_array(text))
		read_text(x, text);
	request_params(x, body, known);
}

/* ---- answer ---- */

/* A list of tokens, or one for each of several texts. */
static int64_t count_items(const json_t *list)
{
	int64_t n = 0;
	const json_t *v;
	size_t i;

	if (!json_is_array(json_array_get(list, 0)))
		return (int64_t)json_array_size(list);
	json_array_foreach(list, i, v)
		n += (int64_t)json_array_size(v);
	return n;
}

/* Of an object that states the count, or has the tokens. */
static bool read_count(struct exchange *x, const json_t *v)
{
	static const char *const counts[] = { "count",	       "token_count",  "total_tokens",
					      "prompt_tokens", "input_tokens", NULL };
	static const char *const lists[] = { "tokens", "token_ids", NULL };
	const json_t *list = json_is_array(v) ? v : first_of(v, lists);

	usage_count(&x->counted, first_of(v, counts));
	if (x->counted == COUNT_UNKNOWN && json_is_array(list))
		x->counted = count_items(list);
	return x->counted != COUNT_UNKNOWN;
}

static void tokenize_response(struct exchange *x, const json_t *body)
{
	static const char *const wraps[] = { "result", "data", "output", "usage" };
	static const char *const ids[] = { "id", "request_id", NULL };

	set_json(&x->response_id, first_of(body, ids));
	set_json(&x->model_answered, json_object_get(body, "model"));
	if (answer_error_of(x, body))
		return;
	usage_raw(x, body);
	if (read_count(x, body))
		return;
	for (size_t i = 0; i < sizeof(wraps) / sizeof(*wraps); i++)
		if (read_count(x, json_object_get(body, wraps[i])))
			return;
}

static void tokenize_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	tokenize_response(x, data);
}

/* Cards are turned into tokens too, at such paths. */
static bool suits_tokenize(const json_t *body)
{
	const json_t *text = first_of(body, texts);

	return json_is_text(text) || json_is_array(text) || messages_of(body) ||
	       (json_has(body, "model") && json_has(body, "tokens"));
}

const struct dialect dialect_tokenize = {
	.name = "tokenize",
	.plausible_request = suits_tokenize,
	.request = tokenize_request,
	.response = tokenize_response,
	.event = tokenize_event,
};
