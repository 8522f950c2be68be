/* SPDX-License-Identifier: MIT */
/* Anthropic's other APIs: docs.anthropic.com/en/api/messages-count-tokens,
 * .../creating-message-batches, and the older Text Completions (read November 2026). */
#include "llm/count.h"
#include "llm/dialect.h"
#include "llm/error.h"
#include "llm/dialects/anthropic.h"
#include "llm/json.h"
#include "llm/rest.h"

/* ---- counting ---- */

static void count_response(struct exchange *x, const json_t *body)
{
	answer_count(x, body, "input_tokens");
}

static void count_request(struct exchange *x, const json_t *body)
{
	dialect_anthropic.request(x, body);
}

static void no_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	answer_error_of(x, data);
}

const struct dialect dialect_anthropic_count = {
	.name = "anthropic.count",
	.request = count_request,
	.response = count_response,
	.event = no_event,
};

/* ---- batches ---- */

/* Many requests in one: name and model of each. */
static void batch_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "requests", NULL };
	static const char *const item[] = { "custom_id", "params", NULL };
	static const char *const inner[] = { "model", "messages",   "system",
					     "tools", "max_tokens", NULL };
	const json_t *list = json_object_get(body, "requests"), *v;
	size_t i;

	json_each(list, i, v) {
		const json_t *params = json_object_get(v, "params");
		struct message *m = request_message(x, SPAN_LIT("request"));

		if (!x->model_asked)
			set_json(&x->model_asked, json_object_get(params, "model"));
		set_json(&m->name, json_object_get(v, "custom_id"));
		part_json(message_part(x, m, PART_TEXT), json_object_get(params, "messages"));
		message_rest(x, m, params, inner);
		message_rest(x, m, v, item);
	}
	request_params(x, body, known);
}

static void batch_response(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "id",	   "type",	 "processing_status",
					     "created_at", "expires_at", "error",
					     NULL };
	struct span status = json_text(body, "processing_status");

	set_json(&x->response_id, json_object_get(body, "id"));
	if (status.len)
		answer_finish(x, 0, status, FINISH_NONE);
	if (json_has(body, "error"))
		answer_error_of(x, body);
	else
		answer_rest(x, 0, body, known);
}

const struct dialect dialect_anthropic_batches = {
	.name = "anthropic.batches",
	.request = batch_request,
	.response = batch_response,
	.event = no_event,
};

/* ---- Text Completions ---- */

static const struct finish_row finishes[] = {
	{ "stop_sequence", FINISH_STOP },
	{ "max_tokens", FINISH_LENGTH },
};

static void complete_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "model", "prompt", "stream", NULL };

	set_json(&x->model_asked, json_object_get(body, "model"));
	x->stream_requested = json_is_true(json_object_get(body, "stream"));
	message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT, json_text(body, "prompt"));
	request_params(x, body, known);
}

static void complete_response(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "id",   "type",   "completion", "stop_reason", "model",
					     "stop", "log_id", "usage",	     NULL };
	struct span stop = json_text(body, "stop_reason");

	if (json_has(body, "error")) {
		answer_error_of(x, body);
		return;
	}
	if (!x->response_id)
		set_json(&x->response_id, json_object_get(body, "id"));
	set_json(&x->model_answered, json_object_get(body, "model"));
	answer_choice(x, 0);
	anthropic_usage(x, json_object_get(body, "usage"));
	answer_text(x, 0, PART_TEXT, json_text(body, "completion"));
	answer_rest(x, 0, body, known);
	if (stop.len)
		answer_finish(x, 0, stop,
			      finish_of(stop, finishes, sizeof(finishes) / sizeof(*finishes)));
}

static void complete_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	complete_response(x, data);
}

static bool is_complete_request(const json_t *body)
{
	return json_has(body, "prompt") && json_has(body, "max_tokens_to_sample");
}

static bool is_complete_response(const json_t *body)
{
	return json_is(body, "type", "completion") && json_has(body, "completion");
}

const struct dialect dialect_anthropic_complete = {
	.name = "anthropic.complete",
	.proves_request = is_complete_request,
	.proves_response = is_complete_response,
	.request = complete_request,
	.response = complete_response,
	.event = complete_event,
};
