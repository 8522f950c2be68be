/* SPDX-License-Identifier: MIT */
/* OpenAI Responses: platform.openai.com/docs/api-reference/responses and .../responses-streaming
 * (read November 2026). Input and output are lists of items. A stream brings pieces of items and
 * ends with an event that has the whole (responses_items.h). */
#include <stdlib.h>

#include "exchange/redact.h"
#include "exchange/citations.h"
#include "json/write.h"
#include "llm/dialect.h"
#include "llm/dialects/openai.h"
#include "llm/dialects/responses_items.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"

/* Parts of one item: its contents from 0, hidden reasoning from REASONING_PARTS, what is not known
 * from REST_PARTS. */
#define ITEM_PARTS	1024
#define REASONING_PARTS 384
#define REST_PARTS	768

static const struct finish_row finishes[] = {
	{ "completed", FINISH_STOP },	 { "failed", FINISH_ERROR },
	{ "cancelled", FINISH_ERROR },	 { "max_output_tokens", FINISH_LENGTH },
	{ "max_tokens", FINISH_LENGTH }, { "content_filter", FINISH_CONTENT_FILTER },
	{ "queued", FINISH_NONE },	 { "in_progress", FINISH_NONE },
};

static int slot_of(int item, int part)
{
	return (item % (1 << 20)) * ITEM_PARTS + part % ITEM_PARTS;
}

static bool type_is(const json_t *v, const char *name)
{
	return json_is(v, "type", name);
}

/* ---- usage ---- */

static void read_usage(struct exchange *x, const json_t *v)
{
	struct usage *u = &x->usage;

	if (!json_is_object(v) || json_object_size(v) == 0)
		return;
	usage_raw(x, v);
	usage_count(&u->input, json_object_get(v, "input_tokens"));
	usage_count(&u->output, json_object_get(v, "output_tokens"));
	usage_count(&u->total, json_object_get(v, "total_tokens"));
	openai_usage_details(u, v);
}

/* ---- answer ---- */

/* The part of a tool call, by the call's own id if it has one: xAI's Realtime numbers items
 * wrongly. */
static struct part *call_part(struct exchange *x, int item, struct span id)
{
	struct part *p = answer_call_of(x, 0, id);

	if (p)
		return p;
	p = answer_part(x, 0, PART_TOOL_CALL, slot_of(item, 0));
	return id.len && p->id && !span_eq(id, span_str(p->id))
		       ? answer_part(x, 0, PART_TOOL_CALL, -1)
		       : p;
}

/* What the provider's own tool gave back. */
static void answer_result(struct exchange *x, int item, const json_t *v)
{
	bool failed = false;
	const json_t *result = responses_call_result(v, &failed);
	struct part *p;

	if (!result)
		return;
	p = answer_part(x, 0, PART_TOOL_RESULT, slot_of(item, 0));
	redact_part_reset(p);
	set_json(&p->id, json_object_get(v, json_has(v, "call_id") ? "call_id" : "id"));
	set_json(&p->name, json_object_get(v, "name"));
	p->is_error = failed;
	part_json(p, json_lone_text(result));
}

static void answer_picture(struct exchange *x, int item, const json_t *v)
{
	struct span format = json_text(v, "output_format");
	struct buf type;

	buf_init(&type, 64);
	buf_adds(&type, "image/");
	buf_add(&type, format.len ? format : SPAN_LIT("png"));
	part_base64(answer_part(x, 0, PART_IMAGE, slot_of(item, 1)), buf_span(&type),
		    json_text(v, "result"));
	buf_done(&type);
}

static void answer_searches(struct exchange *x, const json_t *v)
{
	const json_t *query;
	size_t i;

	answer_search(x, json_text(v, "query"));
	json_array_foreach(json_object_get(v, "queries"), i, query)
		answer_search(x, json_span(query));
}

static void answer_call(struct exchange *x, int item, const json_t *v, bool announced)
{
	struct part *p = call_part(x, item, json_text(v, "call_id"));
	const json_t *input = responses_call_input(v);
	char *text = NULL;

	responses_read_call(p, v);
	if (announced) {
		answer_append(x, 0, p, span_of(NULL, 0));
		return;
	}
	if (!json_is_text(input))
		text = json_write_text(input);
	answer_whole(x, 0, p, text ? span_str(text) : json_span(input));
	free(text);
	if (type_is(v, "image_generation_call") && json_has(v, "result"))
		answer_picture(x, item, v);
	else
		answer_result(x, item, v);
	answer_searches(x, json_object_get(v, "action"));
	answer_searches(x, v);
	answer_rest_at(x, 0, slot_of(item, REST_PARTS), v, responses_call_members);
}

/* The nth part of that kind among the pieces of the item, or a new one: some servers number the
 * contents of pieces and of the whole differently. */
static struct part *nth_part(struct exchange *x, int item, enum part_kind kind, size_t n,
			     int number)
{
	int first = slot_of(item, number < REASONING_PARTS ? 0 : REASONING_PARTS);
	struct part *p = answer_nth(x, 0, kind, first, first + REASONING_PARTS, n);

	return p ? p : answer_part(x, 0, kind, slot_of(item, number));
}

static void answer_texts(struct exchange *x, int item, const json_t *list, enum part_kind kind,
			 int first)
{
	size_t refusals = 0, texts = 0, i;
	const json_t *v;

	json_array_foreach(list, i, v) {
		int number = first + (int)(i % REASONING_PARTS);
		struct span text = json_text(v, json_has(v, "text") ? "text" : "transcript");

		if (json_has(v, "refusal"))
			answer_whole(x, 0, nth_part(x, item, PART_REFUSAL, refusals++, number),
				     json_text(v, "refusal"));
		else if (text.len)
			answer_whole(x, 0, nth_part(x, item, kind, texts++, number), text);
		openai_annotations(x, json_object_get(v, "annotations"));
		answer_rest_at(x, 0, slot_of(item, REST_PARTS + 8 + 8 * (int)(i % 16)), v,
			       responses_part_members);
	}
}

static void answer_other(struct exchange *x, int item, const json_t *v)
{
	struct part *p = answer_part(x, 0, PART_OTHER, slot_of(item, 0));

	set_json(&p->type_raw, json_object_get(v, "type"));
	redact_part_reset(p);
	part_json(p, v);
}

static void answer_output(struct exchange *x, int item, const json_t *v)
{
	struct part *p = answer_part(x, 0, PART_TOOL_RESULT, slot_of(item, 0));
	const json_t *output = json_object_get(v, "output");

	set_json(&p->id, json_object_get(v, "call_id"));
	set_json(&p->type_raw, json_object_get(v, "type"));
	redact_part_reset(p);
	part_json(p, output ? json_lone_text(output) : v);
}

/* An item as a whole. */
static void answer_item(struct exchange *x, int item, const json_t *v)
{
	struct span type = json_text(v, "type");

	if (span_eq(type, SPAN_LIT("message"))) {
		answer_texts(x, item, json_object_get(v, "content"), PART_TEXT, 0);
		answer_rest_at(x, 0, slot_of(item, REST_PARTS), v, responses_item_members);
	} else if (span_eq(type, SPAN_LIT("reasoning"))) {
		answer_texts(x, item, json_object_get(v, "summary"), PART_REASONING, 0);
		answer_texts(x, item, json_object_get(v, "content"), PART_REASONING,
			     REASONING_PARTS);
		answer_rest_at(x, 0, slot_of(item, REST_PARTS), v, responses_item_members);
	} else if (responses_is_call(type)) {
		answer_call(x, item, v, false);
	} else if (span_ends(type, SPAN_LIT("_output"))) {
		answer_output(x, item, v);
	} else if (type.len) {
		answer_other(x, item, v);
	}
}

/* Calls whose output the model waits for. */
static bool is_clients(const char *type)
{
	static const char *const names[] = { "custom_tool_call", "computer_call",
					     "local_shell_call", "shell_call", "apply_patch_call" };

	for (size_t i = 0; type && i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(type, names[i]) == 0)
			return true;
	return !type;
}

static bool calls_tool(const struct exchange *x)
{
	const struct message *m = x->nchoices ? &x->choices[0].msg : NULL;

	for (size_t i = 0; m && i < m->nparts; i++)
		if (m->parts[i].kind == PART_TOOL_CALL && is_clients(m->parts[i].type_raw))
			return true;
	return false;
}

static void read_status(struct exchange *x, const json_t *v)
{
	struct span status = json_text(v, "status"), why = status;
	const json_t *incomplete = json_object_get(v, "incomplete_details");
	enum finish f;

	if (json_text(incomplete, "reason").len)
		why = json_text(incomplete, "reason");
	f = finish_of(why, finishes, sizeof(finishes) / sizeof(*finishes));
	if (f == FINISH_STOP && calls_tool(x))
		f = FINISH_TOOL_CALL;
	if (status.len)
		answer_finish(x, 0, status, f);
}

/* The response object, in an answer and in most events. items: of the events before; NULL: none. */
static void read_response(struct exchange *x, struct response_items *items, const json_t *v,
			  bool final)
{
	const json_t *output = json_object_get(v, "output"), *item;
	size_t i;

	if (!json_is_object(v))
		return;
	set_json(&x->response_id, json_object_get(v, "id"));
	set_json(&x->model_answered, json_object_get(v, "model"));
	set_json(&x->service_tier, json_object_get(v, "service_tier"));
	read_usage(x, json_object_get(v, "usage"));
	if (!final)
		return;
	answer_choice(x, 0);
	responses_envelope_rest(x, v);
	json_array_foreach(output, i, item)
		answer_item(x, items ? response_item_at(items, i, item) : (int)i, item);
	read_status(x, v);
	if (json_has(v, "error"))
		answer_error_of(x, v);
	else if (json_has(json_object_get(v, "status_details"), "error"))
		answer_error_of(x, json_object_get(v, "status_details"));
}

static void responses_response(struct exchange *x, const json_t *body)
{
	if (json_has(body, "output") || json_is(body, "object", "response"))
		read_response(x, NULL, body, true);
	else
		answer_error_of(x, body);
}

/* ---- stream ---- */

/* Events with a piece of text, and the part that it belongs to. */
static const struct delta_row {
	const char *type;
	enum part_kind kind;
	const char *number; /* of the part within its item */
	int first;
} deltas[] = {
	{ "response.output_text.delta", PART_TEXT, "content_index", 0 },
	{ "response.text.delta", PART_TEXT, "content_index", 0 },
	{ "response.output_audio_transcript.delta", PART_TEXT, "content_index", 0 },
	{ "response.audio_transcript.delta", PART_TEXT, "content_index", 0 },
	{ "response.refusal.delta", PART_REFUSAL, "content_index", 0 },
	{ "response.reasoning_summary_text.delta", PART_REASONING, "summary_index", 0 },
	{ "response.reasoning_text.delta", PART_REASONING, "content_index", REASONING_PARTS },
	{ "response.function_call_arguments.delta", PART_TOOL_CALL, NULL, 0 },
	{ "response.mcp_call_arguments.delta", PART_TOOL_CALL, NULL, 0 },
	{ "response.custom_tool_call_input.delta", PART_TOOL_CALL, NULL, 0 },
	{ "response.code_interpreter_call_code.delta", PART_TOOL_CALL, NULL, 0 },
};

static bool read_delta(struct exchange *x, struct response_items *items, struct span type,
		       const json_t *data)
{
	for (size_t i = 0; i < sizeof(deltas) / sizeof(*deltas); i++) {
		const struct delta_row *d = &deltas[i];
		int part = d->number ? json_index(data, d->number, 0) % REASONING_PARTS : 0, slot;
		struct part *p;

		if (!span_eq(type, span_str(d->type)))
			continue;
		slot = slot_of(response_item_of(items, data, NULL, false), d->first + part);
		p = d->kind == PART_TOOL_CALL ? answer_call_of(x, 0, json_text(data, "call_id"))
					      : NULL;
		answer_append(x, 0, p ? p : answer_part(x, 0, d->kind, slot),
			      json_text(data, "delta"));
		return true;
	}
	return false;
}

static bool is_final(struct span type)
{
	static const char *const names[] = { "response.completed", "response.incomplete",
					     "response.failed",	   "response.cancelled",
					     "response.done",	   NULL };

	for (size_t i = 0; names[i]; i++)
		if (span_eq(type, span_str(names[i])))
			return true;
	return false;
}

static bool is_last_event(const json_t *data)
{
	return is_final(json_text(data, "type"));
}

static void read_item_event(struct exchange *x, struct response_items *items, const json_t *data,
			    bool whole)
{
	const json_t *v = json_object_get(data, "item");
	int item = response_item_of(items, data, v, !whole);

	if (whole) {
		answer_item(x, item, v);
		response_item_end(items, item);
	} else if (responses_is_call(json_text(v, "type"))) {
		answer_call(x, item, v, true);
	}
}

static void read_event(struct exchange *x, struct response_items *items, const json_t *data)
{
	struct span type = json_text(data, "type");

	if (read_delta(x, items, type, data))
		return;
	if (span_eq(type, SPAN_LIT("response.output_item.added"))) {
		read_item_event(x, items, data, false);
	} else if (span_eq(type, SPAN_LIT("response.output_item.done"))) {
		read_item_event(x, items, data, true);
	} else if (span_eq(type, SPAN_LIT("response.output_text.annotation.added"))) {
		openai_annotation(x, json_object_get(data, "annotation"));
	} else if (json_has(data, "response")) {
		read_response(x, items, json_object_get(data, "response"), is_final(type));
		read_usage(x, json_object_get(data, "usage")); /* where xAI's Realtime has it */
	} else if (json_has(data, "error")) {
		answer_error_of(x, data);
	} else if (span_eq(type, SPAN_LIT("error"))) {
		answer_error(x, json_object_get(data, "type"), json_object_get(data, "code"),
			     json_object_get(data, "message"));
	}
}

void responses_event(struct exchange *x, struct response_items *items, const json_t *data)
{
	read_event(x, items, data);
	responses_event_rest(x, data);
}

static void event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	responses_event(x, state, data);
}

static void state_done(void *state)
{
	response_items_done(state);
}

static bool is_responses_request(const json_t *body)
{
	const json_t *input = json_object_get(body, "input");
	const json_t *first = json_array_get(input, 0);

	/* Embeddings have model and input too, but only texts and numbers in it. */
	return json_has(body, "model") && (json_has(first, "role") || json_has(first, "type")) &&
	       !json_has(body, "messages");
}

static bool suits_responses(const json_t *body)
{
	return json_has(body, "input") && !json_has(body, "messages");
}

static bool is_responses_response(const json_t *body)
{
	return (json_is(body, "object", "response") && json_has(body, "output")) ||
	       (span_starts(json_text(body, "type"), SPAN_LIT("response.")) &&
		json_is(json_object_get(body, "response"), "object", "response"));
}

const struct dialect dialect_openai_responses = {
	.name = "openai.responses",
	.state_size = sizeof(struct response_items),
	.state_done = state_done,
	.proves_request = is_responses_request,
	.plausible_request = suits_responses,
	.proves_response = is_responses_response,
	.request = responses_request,
	.response = responses_response,
	.event = event,
	.is_last = is_last_event,
};
