/* SPDX-License-Identifier: MIT */
/* A call to a known provider in an unknown format. Reads what nearly all formats name alike (model,
 * prompt, returned text, token counts) and shows the rest as it is. Also covers Replicate,
 * Aleph Alpha, AI21 and Bedrock agents. */
#include "llm/dialect.h"
#include "llm/dialects/openai.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"

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
static const char *const prompts[] = { "messages", "prompt", "input",	     "inputs",	"inputText",
				       "text",	   "query",  "input_prefix", "message", NULL };
/* What holds the request, or the answer, in the forms of those that wrap it. */
static const char *const request_wraps[] = { "input",
					     "chatRequest",
					     "inferenceRequest",
					     "config",
					     "orchestration_config",
					     "module_configurations",
					     "templating_module_config",
					     "prompt_templating",
					     "modules",
					     "prompt",
					     "body",
					     NULL };
static const char *const answer_wraps[] = { "output",
					    "chatResponse",
					    "inferenceResponse",
					    "final_result",
					    "orchestration_result",
					    "result",
					    "response",
					    "data",
					    NULL };
#define WRAPS_MAX 5

static bool holds_chat(const json_t *v, const char *list)
{
	const json_t *first = json_array_get(json_object_get(v, list), 0);

	return json_has(first, "role") || json_has(first, "message") || json_has(first, "delta") ||
	       json_has(first, "text");
}

/* The object, behind wrappers, that has a list of such a name; NULL: none. */
static const json_t *holder_of(const json_t *v, const char *list, const char *const *wraps)
{
	for (unsigned depth = 0; v && depth < WRAPS_MAX; depth++) {
		if (holds_chat(v, list))
			return v;
		v = first_of(v, wraps);
	}
	return NULL;
}

static const json_t *model_of(const json_t *body)
{
	const json_t *model = first_of(body, models);

	return model ? model : json_at2(body, "servingMode", "modelId");
}

static void generic_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = {
		"model",  "model_id",	  "modelId", "model_name", "version", "messages",
		"prompt", "input",	  "inputs",  "inputText",  "text",    "query",
		"stream", "input_prefix", "message", NULL,
	};
	const json_t *chat = holder_of(body, "messages", request_wraps), *prompt, *v;
	size_t i;

	set_json(&x->model_asked, model_of(body));
	x->stream_requested = json_is_true(json_object_get(body, "stream"));
	json_array_foreach(json_object_get(chat, "messages"), i, v)
		openai_chat_message(x, v);
	if (chat && chat != body)
		request_rest(x, "request", chat, known);
	prompt = chat ? NULL : first_of(body, prompts);
	if (json_has(prompt, "prompt"))
		prompt = json_object_get(prompt, "prompt");
	if (prompt)
		part_json(message_part(x, request_message(x, SPAN_LIT("user")), PART_TEXT), prompt);
	request_params(x, body, known);
}

/* One result, or the answer itself. */
static void read_result(struct exchange *x, unsigned index, const json_t *v)
{
	static const char *const texts[] = { "generated_text", "completion", "text",
					     "outputText",     "output",     "content",
					     "response",       "deltaText",  "token",
					     "data",	       "result",     NULL };
	static const char *const stops[] = { "stop_reason", "finish_reason", "completionReason",
					     "stopReason", NULL };
	const json_t *text = first_of(v, texts), *piece;
	struct span stop = json_span(first_of(v, stops));
	struct usage *u = &x->usage;
	size_t i;

	for (i = 0; json_is_object(text) && i < WRAPS_MAX; i++)
		text = first_of(text, texts);
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

static void read_usage(struct exchange *x, const json_t *v)
{
	openai_usage(x, v);
	usage_count(&x->usage.input, json_object_get(v, "input_tokens"));
	usage_count(&x->usage.output, json_object_get(v, "output_tokens"));
}

static void generic_response(struct exchange *x, const json_t *body)
{
	static const char *const lists[] = { "results", "completions", "outputs", "generations",
					     NULL };
	const json_t *list = json_is_array(body) ? body : first_of(body, lists), *v;
	const json_t *chat = holder_of(body, "choices", answer_wraps);
	size_t i;

	if (!x->response_id)
		set_json(&x->response_id,
			 json_object_get(body, json_has(body, "id") ? "id" : "request_id"));
	set_json(&x->model_answered, first_of(body, models));
	read_usage(x, json_object_get(body, "usage"));
	read_usage(x, json_at2(body, "result", "usage"));
	if (answer_error_of(x, body))
		return;
	if (chat) {
		dialect_openai_chat.response(x, chat);
		return;
	}
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

/* Only called for bodies sent to a known provider, or to a path that others use too. */
static bool suits_generic(const json_t *body)
{
	return holder_of(body, "messages", request_wraps) ||
	       json_is_text(first_of(body, prompts)) ||
	       json_has(json_object_get(body, "input"), "prompt") ||
	       (json_is_text(first_of(body, models)) && first_of(body, prompts));
}

const struct dialect dialect_generic = {
	.name = "unknown",
	.plausible_request = suits_generic,
	.media = true,
	.request = generic_request,
	.response = generic_response,
	.event = generic_event,
};
