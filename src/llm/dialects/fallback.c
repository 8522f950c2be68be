/* SPDX-License-Identifier: MIT */
/* A call to a known provider in an unknown format. Reads what nearly all formats name alike (model,
 * prompt, returned text, token counts) and shows the rest as it is. Also covers IBM watsonx
 * (cloud.ibm.com/apidocs/watsonx-ai), Replicate, Aleph Alpha, AI21 and Bedrock agents. */
#include "llm/dialect.h"
#include "llm/dialects/openai.h"
#include "llm/error.h"
#include "llm/json.h"

static const json_t *first_of(const json_t *v, const char *const *names)
{
	for (; *names; names++)
		if (json_has(v, *names))
			return json_object_get(v, *names);
	return NULL;
}

static const char *const models[] = {
	"model", "model_id", "modelId", "model_name", "version", NULL
};
static const char *const prompts[] = { "messages",  "prompt", "input", "inputs",
				       "inputText", "text",   "query", NULL };

static void generic_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "model",	"model_id",  "modelId", "model_name",
					     "version", "messages",  "prompt",	"input",
					     "inputs",	"inputText", "text",	"query",
					     "stream",	NULL };
	const json_t *prompt = first_of(body, prompts);

	set_json(&x->model_asked, first_of(body, models));
	x->stream_requested = json_is_true(json_object_get(body, "stream"));
	if (json_has(prompt, "prompt"))
		prompt = json_object_get(prompt, "prompt");
	if (prompt)
		part_json(message_part(x, request_message(x, SPAN_LIT("user")), PART_TEXT), prompt);
	request_params(x, body, known);
}

/* One result, or the answer itself. */
static void read_result(struct exchange *x, unsigned index, const json_t *v)
{
	static const char *const texts[] = { "generated_text", "completion", "text", "outputText",
					     "output",	       "content",    "data", NULL };
	static const char *const stops[] = { "stop_reason", "finish_reason", "completionReason",
					     NULL };
	const json_t *text = first_of(v, texts), *piece;
	struct span stop = json_span(first_of(v, stops));
	struct usage *u = &x->usage;
	size_t i;

	if (json_has(text, "text"))
		text = json_object_get(text, "text");
	answer_text(x, index, PART_TEXT, json_span(text));
	json_array_foreach(text, i, piece)
		answer_text(x, index, PART_TEXT, json_span(piece));
	if (stop.len)
		answer_finish(x, index, stop, openai_finish(stop));
	if (json_has(v, "input_token_count") || json_has(v, "generated_token_count"))
		usage_raw(x, v);
	usage_count(&u->input, json_object_get(v, "input_token_count"));
	usage_count(&u->output, json_object_get(v, "generated_token_count"));
	usage_count(&u->output, json_object_get(v, "output_token_count"));
}

static void generic_response(struct exchange *x, const json_t *body)
{
	static const char *const lists[] = { "results", "completions", "outputs", "generations",
					     NULL };
	const json_t *list = first_of(body, lists), *v;
	size_t i;

	if (!x->response_id)
		set_json(&x->response_id, json_object_get(body, "id"));
	set_json(&x->model_answered, first_of(body, models));
	openai_usage(x, json_object_get(body, "usage"));
	usage_count(&x->usage.input, json_at2(body, "usage", "input_tokens"));
	usage_count(&x->usage.output, json_at2(body, "usage", "output_tokens"));
	if (answer_error_of(x, body))
		return;
	if (!json_is_array(list))
		read_result(x, 0, body);
	json_array_foreach(list, i, v)
		read_result(x, (unsigned)i, v);
	read_result(x, 0, json_object_get(body, "metrics"));
}

static void generic_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	generic_response(x, data);
}

/* Only called for bodies sent to a known provider. */
static bool suits_generic(const json_t *body)
{
	return (json_is_string(first_of(body, models)) && first_of(body, prompts)) ||
	       json_has(json_object_get(body, "input"), "prompt");
}

const struct dialect dialect_generic = {
	.name = "unknown",
	.plausible_request = suits_generic,
	.request = generic_request,
	.response = generic_response,
	.event = generic_event,
};
