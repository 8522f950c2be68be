/* SPDX-License-Identifier: MIT */
/* OpenAI Assistants: platform.openai.com/docs/api-reference/runs and .../assistants-streaming (read
 * November 2026). A run answers with events; without a stream, its result is fetched later. */
#include "llm/dialect.h"
#include "llm/dialects/openai.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"

static const struct finish_row finishes[] = {
	{ "completed", FINISH_STOP },	 { "requires_action", FINISH_TOOL_CALL },
	{ "incomplete", FINISH_LENGTH }, { "failed", FINISH_ERROR },
	{ "cancelled", FINISH_ERROR },	 { "expired", FINISH_ERROR },
	{ "queued", FINISH_NONE },	 { "in_progress", FINISH_NONE },
};

/* Keeps tool calls apart from texts. */
#define CALL_SLOTS 1000

static void read_messages(struct exchange *x, const json_t *list)
{
	static const char *const known[] = { "role", "content", NULL };
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v) {
		struct message *m = request_message(x, json_text(v, "role"));

		part_json(message_part(x, m, PART_TEXT), json_object_get(v, "content"));
		message_rest(x, m, v, known);
	}
}

static void run_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = {
		"model", "instructions", "additional_messages", "thread",
		"tools", "stream",	 "tool_outputs",	NULL
	};
	static const char *const outputs[] = { "tool_call_id", "output", NULL };
	static const char *const threads[] = { "messages", NULL };
	const json_t *v;
	size_t i;

	set_json(&x->model_asked, json_object_get(body, "model"));
	x->stream_requested = json_is_true(json_object_get(body, "stream"));
	if (json_has(body, "instructions"))
		message_text(x, request_system(x), PART_TEXT, json_text(body, "instructions"));
	read_messages(x, json_at2(body, "thread", "messages"));
	request_rest(x, "thread", json_object_get(body, "thread"), threads);
	read_messages(x, json_object_get(body, "additional_messages"));
	json_array_foreach(json_object_get(body, "tool_outputs"), i, v) {
		struct message *m = request_message(x, SPAN_LIT("tool"));
		struct part *p = message_part(x, m, PART_TOOL_RESULT);

		set_json(&p->id, json_object_get(v, "tool_call_id"));
		part_json(p, json_object_get(v, "output"));
		message_rest(x, m, v, outputs);
	}
	json_array_foreach(json_object_get(body, "tools"), i, v) {
		request_function(x, v, json_object_get(v, "function"), "parameters");
		tool_rest(x, v, json_object_get(v, "function"));
	}
	request_params(x, body, known);
}

static void read_run(struct exchange *x, const json_t *v)
{
	/* Most repeat the request, or are times. */
	static const char *const known[] = {
		"id",
		"object",
		"created_at",
		"assistant_id",
		"thread_id",
		"status",
		"started_at",
		"expires_at",
		"cancelled_at",
		"failed_at",
		"completed_at",
		"last_error",
		"model",
		"instructions",
		"tools",
		"tool_resources",
		"metadata",
		"temperature",
		"top_p",
		"max_completion_tokens",
		"max_prompt_tokens",
		"truncation_strategy",
		"response_format",
		"tool_choice",
		"parallel_tool_calls",
		"usage",
		"reasoning_effort",
		NULL,
	};
	struct span status = json_text(v, "status");

	set_json(&x->response_id, json_object_get(v, "id"));
	set_json(&x->model_answered, json_object_get(v, "model"));
	openai_usage(x, json_object_get(v, "usage"));
	if (status.len)
		answer_finish(x, 0, status,
			      finish_of(status, finishes, sizeof(finishes) / sizeof(*finishes)));
	if (json_has(v, "last_error"))
		answer_error(x, NULL, json_at2(v, "last_error", "code"),
			     json_at2(v, "last_error", "message"));
	answer_rest(x, 0, v, known);
}

static void run_response(struct exchange *x, const json_t *body)
{
	if (json_has(body, "error"))
		answer_error_of(x, body);
	else
		read_run(x, body);
}

static void read_texts(struct exchange *x, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		answer_append(x, 0, answer_part(x, 0, PART_TEXT, json_index(v, "index", 0)),
			      json_text(json_object_get(v, "text"), "value"));
}

static void read_calls(struct exchange *x, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v) {
		struct part *p = answer_part(x, 0, PART_TOOL_CALL,
					     CALL_SLOTS + json_index(v, "index", 0) % CALL_SLOTS);
		const json_t *f = json_object_get(v, "function");
		const json_t *code = json_object_get(v, "code_interpreter");

		set_json(&p->id, json_object_get(v, "id"));
		set_json(&p->name, json_object_get(f, "name"));
		if (!p->name)
			set_json(&p->name, json_object_get(v, "type"));
		answer_append(x, 0, p, f ? json_text(f, "arguments") : json_text(code, "input"));
	}
}

static void run_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	const json_t *delta = json_object_get(data, "delta");

	if (json_is(data, "object", "thread.run"))
		read_run(x, data);
	else if (json_is(data, "object", "thread.message.delta"))
		read_texts(x, json_object_get(delta, "content"));
	else if (json_is(data, "object", "thread.run.step.delta"))
		read_calls(x, json_at2(delta, "step_details", "tool_calls"));
	else if (json_has(data, "error"))
		answer_error_of(x, data);
}

static bool suits_run(const json_t *body)
{
	return json_has(body, "assistant_id") || json_has(body, "tool_outputs") ||
	       json_has(body, "model");
}

static bool is_run_response(const json_t *body)
{
	return json_is(body, "object", "thread.run");
}

const struct dialect dialect_assistants = {
	.name = "openai.assistants",
	.plausible_request = suits_run,
	.proves_response = is_run_response,
	.request = run_request,
	.response = run_response,
	.event = run_event,
};
