/* SPDX-License-Identifier: MIT */
/* OpenAI Assistants: platform.openai.com/docs/api-reference/runs and .../assistants-streaming (read
 * November 2026). A run answers with events; without a stream, its result is fetched later. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/redact.h"
#include "llm/dialect.h"
#include "llm/dialects/openai.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"

static const struct finish_row finishes[] = {
	{ "completed", FINISH_STOP },
	{ "requires_action", FINISH_TOOL_CALL },
	{ "incomplete", FINISH_LENGTH },
	{ "failed", FINISH_ERROR },
	{ "cancelled", FINISH_ERROR },
	{ "expired", FINISH_ERROR },
	{ "queued", FINISH_NONE },
	{ "in_progress", FINISH_NONE },
	{ "max_completion_tokens", FINISH_LENGTH },
	{ "max_prompt_tokens", FINISH_LENGTH },
	{ "content_filter", FINISH_CONTENT_FILTER },
};

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
	json_each(json_at2(body, "thread", "messages"), i, v)
		openai_chat_message(x, v);
	request_rest(x, "thread", json_object_get(body, "thread"), threads);
	json_each(json_object_get(body, "additional_messages"), i, v)
		openai_chat_message(x, v);
	json_each(json_object_get(body, "tool_outputs"), i, v) {
		struct message *m = request_message(x, SPAN_LIT("tool"));
		struct part *p = message_part(x, m, PART_TOOL_RESULT);

		set_json(&p->id, json_object_get(v, "tool_call_id"));
		part_json(p, json_object_get(v, "output"));
		message_rest(x, m, v, outputs);
	}
	json_each(json_object_get(body, "tools"), i, v) {
		request_function(x, v, json_object_get(v, "function"), "parameters");
		tool_rest(x, v, json_object_get(v, "function"));
	}
	request_params(x, body, known);
}

/* Most repeat the request, or are times. */
static const char *const run_members[] = {
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
	"required_action",
	"incomplete_details",
	NULL,
};

static void read_run(struct exchange *x, const json_t *v)
{
	struct span status = json_text(v, "status"),
		    why = json_text(json_object_get(v, "incomplete_details"), "reason");

	set_json(&x->response_id, json_object_get(v, "id"));
	set_json(&x->model_answered, json_object_get(v, "model"));
	openai_usage(x, json_object_get(v, "usage"));
	if (status.len)
		answer_finish(x, 0, status,
			      finish_of(why.len ? why : status, finishes,
					sizeof(finishes) / sizeof(*finishes)));
	if (json_has(v, "last_error"))
		answer_error(x, NULL, json_at2(v, "last_error", "code"),
			     json_at2(v, "last_error", "message"));
	answer_rest(x, 0, v, run_members);
}

/* ---- answer ---- */

/* Parts of each message or step: its contents from 0, its calls and their results from CALL_SLOTS.
 */
#define ITEM_SLOTS 1024
#define CALL_SLOTS 256
#define ITEMS_MAX  1024

/* Ids of messages and steps in the order in which they came. */
struct run_items {
	char **ids;
	size_t count;
};

static void run_done(void *state)
{
	struct run_items *s = state;

	for (size_t i = 0; i < s->count; i++)
		free(s->ids[i]);
	free(s->ids);
}

/* First slot of the item; without an id it is the latest. */
static int slots_of(struct run_items *s, const json_t *item)
{
	struct span id = json_text(item, "id");
	size_t i = 0;

	while (i < s->count && !span_eq(id, span_str(s->ids[i])))
		i++;
	if (i == s->count && id.len && s->count < ITEMS_MAX) {
		s->ids = xgrow(s->ids, s->count, sizeof(*s->ids));
		s->ids[s->count] = NULL;
		set_string(&s->ids[s->count++], id);
	}
	if (i >= s->count)
		i = s->count ? s->count - 1 : 0;
	return (int)i * ITEM_SLOTS;
}

/* whole: it repeats the pieces that came. */
static void add_text(struct exchange *x, enum part_kind kind, int slot, struct span text,
		     bool whole)
{
	struct part *p;

	if (!text.len)
		return;
	p = answer_part(x, 0, kind, slot);
	if (!whole)
		answer_append(x, 0, p, text);
	else if (!answer_whole(x, 0, p, text))
		x->response_partial = true;
}

static void read_content(struct exchange *x, int slot, const json_t *v, bool whole)
{
	const json_t *text = json_object_get(v, "text");
	enum part_kind kind = openai_binary_kind(v);

	add_text(x, PART_TEXT, slot,
		 json_is_text(text) ? json_span(text) : json_text(text, "value"), whole);
	add_text(x, PART_REFUSAL, slot, json_text(v, "refusal"), whole);
	openai_annotations(x, json_object_get(text, "annotations"));
	if (kind != PART_OTHER && !answer_find(x, 0, kind, slot))
		openai_binary_read(answer_part(x, 0, kind, slot), v);
}

static void read_contents(struct exchange *x, int first, const json_t *list, bool whole)
{
	static const char *const known[] = { "index",	"type",	       "text",
					     "refusal", "image_file",  "image_url",
					     "value",	"annotations", NULL };
	const json_t *v;
	size_t i;

	json_each(list, i, v) {
		read_content(x, first + json_index(v, "index", (int)i) % CALL_SLOTS, v, whole);
		answer_rest(x, 0, v, known);
		answer_rest(x, 0, json_object_get(v, "text"), known);
	}
}

/* What a call of the provider's own tool gave back. */
static void read_result(struct exchange *x, int slot, const json_t *call, const json_t *result,
			bool whole)
{
	struct part *p;
	const json_t *v;
	size_t i;

	if (json_is_empty(result))
		return;
	p = answer_part(x, 0, PART_TOOL_RESULT, slot);
	set_json(&p->id, json_object_get(call, "id"));
	if (whole)
		redact_part_reset(p);
	if (!json_is_array(result) || whole) {
		openai_answer_result(x, slot + 1, p, result);
		return;
	}
	json_array_foreach(result, i, v)
		part_json(p, json_has(v, "logs") ? json_object_get(v, "logs") : v);
}

static struct part *call_part(struct exchange *x, int slot, const json_t *v)
{
	struct part *p = answer_call_of(x, 0, json_text(v, "id"));

	if (!p)
		p = answer_part(x, 0, PART_TOOL_CALL, slot);
	set_json(&p->id, json_object_get(v, "id"));
	return p;
}

static void read_call(struct exchange *x, int slot, const json_t *v, bool whole)
{
	static const char *const known[] = {
		"index",       "id",	  "type",      "function", "code_interpreter",
		"file_search", "name",	  "arguments", "output",   "input",
		"outputs",     "results", NULL
	};
	const json_t *f = json_object_get(v, "function"),
		     *code = json_object_get(v, "code_interpreter"), *outputs,
		     *search = json_object_get(v, "file_search");
	struct span text = f ? json_text(f, "arguments") : json_text(code, "input");
	struct part *p = call_part(x, slot, v);

	set_json(&p->name, json_object_get(f, "name"));
	if (!p->name)
		set_json(&p->name, json_object_get(v, "type"));
	if (!whole)
		answer_append(x, 0, p, text);
	else if (!answer_whole(x, 0, p, text))
		x->response_partial = true;
	outputs = json_object_get(f ? f : code, f ? "output" : "outputs");
	read_result(x, slot, v, outputs ? outputs : json_object_get(search, "results"), whole);
	answer_rest(x, 0, v, known);
	answer_rest(x, 0, f, known);
	answer_rest(x, 0, code, known);
	answer_rest(x, 0, search, known);
}

static void read_calls(struct exchange *x, int first, const json_t *list, bool whole)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v) {
		int number = json_index(v, "index", (int)i) % 128;

		read_call(x, first + CALL_SLOTS + 4 * number, v, whole);
	}
}

/* Of a run that waits for the results of calls: these. */
static void read_required(struct exchange *x, struct run_items *s, const json_t *run)
{
	const json_t *wanted = json_at2(run, "required_action", "submit_tool_outputs");

	read_calls(x, slots_of(s, run), json_object_get(wanted, "tool_calls"), true);
}

/* A message or a piece of one. */
static void read_message(struct exchange *x, struct run_items *s, const json_t *v)
{
	static const char *const known[] = { "id",	     "object",	      "created_at",
					     "thread_id",    "run_id",	      "role",
					     "content",	     "assistant_id",  "status",
					     "completed_at", "metadata",      "delta",
					     "file_ids",     "incomplete_at", NULL };
	const json_t *delta = json_object_get(v, "delta");

	read_contents(x, slots_of(s, v), json_object_get(delta ? delta : v, "content"), !delta);
	answer_rest(x, 0, v, known);
	answer_rest(x, 0, delta, known);
}

/* A step or a piece of one; of the run's tokens it tells a part. */
static void read_step(struct exchange *x, struct run_items *s, const json_t *v)
{
	static const char *const known[] = { "id",	     "object",		 "created_at",
					     "thread_id",    "run_id",		 "type",
					     "step_details", "assistant_id",	 "status",
					     "completed_at", "metadata",	 "delta",
					     "usage",	     "expires_at",	 "expired_at",
					     "tool_calls",   "message_creation", NULL };
	const json_t *delta = json_object_get(v, "delta"),
		     *details = json_object_get(delta ? delta : v, "step_details");

	read_calls(x, slots_of(s, v), json_object_get(details, "tool_calls"), !delta);
	answer_rest(x, 0, v, known);
	answer_rest(x, 0, delta, known);
	answer_rest(x, 0, details, known);
}

static void run_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	struct span object = json_text(data, "object");

	if (span_eq(object, SPAN_LIT("thread.run"))) {
		read_required(x, state, data);
		read_run(x, data);
	} else if (span_starts(object, SPAN_LIT("thread.message"))) {
		read_message(x, state, data);
	} else if (span_starts(object, SPAN_LIT("thread.run.step"))) {
		read_step(x, state, data);
	} else if (!answer_error_event(x, name, data) && !span_eq(object, SPAN_LIT("thread"))) {
		answer_rest(x, 0, data, run_members);
	}
}

static void run_response(struct exchange *x, const json_t *body)
{
	struct run_items items = { 0 };

	if (json_has(body, "error")) {
		answer_error_of(x, body);
		return;
	}
	read_required(x, &items, body);
	read_run(x, body);
	run_done(&items);
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
	.state_size = sizeof(struct run_items),
	.state_done = run_done,
	.response = run_response,
	.event = run_event,
	.tells_end = true,
};
