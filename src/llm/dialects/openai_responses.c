/* SPDX-License-Identifier: MIT */
/* OpenAI Responses: platform.openai.com/docs/api-reference/responses and .../responses-streaming
 * (read November 2026). Input and output are lists of items. A stream brings pieces of items and
 * ends with an event that has the whole. Items are identified by index, because some gateways
 * change ids. */
#include <stdlib.h>

#include "exchange/redact.h"
#include "json/write.h"
#include "llm/dialect.h"
#include "llm/dialects/openai.h"
#include "llm/error.h"
#include "llm/json.h"

/* Parts of one item: its contents from 0, hidden reasoning from REASONING_PARTS. */
#define ITEM_PARTS	1024
#define REASONING_PARTS 512

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

/* The member of an item of that kind that a reader wants to see; NULL: all of it. */
static const json_t *call_input(const json_t *item)
{
	static const char *const names[] = { "arguments", "input",   "action", "operation",
					     "code",	  "queries", NULL };

	for (size_t i = 0; names[i]; i++)
		if (json_has(item, names[i]))
			return json_object_get(item, names[i]);
	return NULL;
}

static bool is_call(struct span type)
{
	return span_ends(type, SPAN_LIT("_call"));
}

/* Name of the call; the provider's own tools have only their kind. */
static void read_call(struct part *p, const json_t *item)
{
	struct span type = json_text(item, "type");

	set_json(&p->id, json_object_get(item, json_has(item, "call_id") ? "call_id" : "id"));
	set_json(&p->name, json_object_get(item, "name"));
	if (!p->name)
		set_string(&p->name, span_first(type, type.len - 5));
	if (!span_eq(type, SPAN_LIT("function_call")))
		set_string(&p->type_raw, type);
}

/* ---- request ---- */

static void read_file(struct part *p, const json_t *v)
{
	set_json(&p->name, json_object_get(v, "filename"));
	set_json(&p->id, json_object_get(v, "file_id"));
	part_url(p, json_text(v, json_has(v, "file_data") ? "file_data" : "file_url"));
}

static void read_content_part(struct exchange *x, struct message *m, const json_t *v)
{
	struct span type = json_text(v, "type");
	const json_t *audio = json_object_get(v, "input_audio");
	struct part *p;

	if (json_is_string(v)) {
		message_text(x, m, PART_TEXT, json_span(v));
	} else if (span_ends(type, SPAN_LIT("text"))) {
		message_text(x, m, PART_TEXT, json_text(v, "text"));
	} else if (span_eq(type, SPAN_LIT("refusal"))) {
		message_text(x, m, PART_REFUSAL, json_text(v, "refusal"));
	} else if (span_eq(type, SPAN_LIT("input_image"))) {
		p = message_part(x, m, PART_IMAGE);
		set_json(&p->id, json_object_get(v, "file_id"));
		part_url(p, json_text(v, "image_url"));
	} else if (span_eq(type, SPAN_LIT("input_file"))) {
		read_file(message_part(x, m, PART_FILE), v);
	} else if (span_ends(type, SPAN_LIT("audio"))) {
		p = message_part(x, m, PART_AUDIO);
		if (!audio)
			audio = v;
		part_base64(p, json_text(audio, "format"),
			    json_text(audio, json_has(audio, "data") ? "data" : "audio"));
		if (json_has(v, "transcript"))
			message_text(x, m, PART_TEXT, json_text(v, "transcript"));
	} else {
		message_other(x, m, type.len ? (const char *)type.ptr : "unknown", v);
	}
}

/* Content is a text or a list of parts. */
static void read_content(struct exchange *x, struct message *m, const json_t *content)
{
	const json_t *v;
	size_t i;

	if (json_is_string(content))
		message_text(x, m, PART_TEXT, json_span(content));
	json_array_foreach(content, i, v)
		read_content_part(x, m, v);
}

static void read_output(struct exchange *x, const json_t *item)
{
	struct message *m = request_message(x, SPAN_LIT("tool"));
	struct part *p = message_part(x, m, PART_TOOL_RESULT);
	const json_t *output = json_object_get(item, "output");

	set_json(&p->id, json_object_get(item, "call_id"));
	if (!type_is(item, "function_call_output"))
		set_json(&p->type_raw, json_object_get(item, "type"));
	part_json(p, output ? json_lone_text(output) : json_object_get(item, "tools"));
}

static void read_reasoning(struct exchange *x, const json_t *item)
{
	struct message *m = request_message(x, SPAN_LIT("assistant"));
	const json_t *v;
	size_t i;

	json_array_foreach(json_object_get(item, "summary"), i, v)
		message_text(x, m, PART_REASONING, json_text(v, "text"));
	json_array_foreach(json_object_get(item, "content"), i, v)
		message_text(x, m, PART_REASONING, json_text(v, "text"));
	if (!m->nparts)
		set_string(&message_part(x, m, PART_REASONING)->type_raw, SPAN_LIT("encrypted"));
}

static void read_item(struct exchange *x, const json_t *item)
{
	struct span type = json_text(item, "type");
	struct message *m;
	struct part *p;

	if (json_is_string(item)) {
		message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT, json_span(item));
	} else if (json_has(item, "role")) {
		read_content(x, request_message(x, json_text(item, "role")),
			     json_object_get(item, "content"));
	} else if (span_eq(type, SPAN_LIT("reasoning"))) {
		read_reasoning(x, item);
	} else if (is_call(type)) {
		m = request_message(x, SPAN_LIT("assistant"));
		p = message_part(x, m, PART_TOOL_CALL);
		read_call(p, item);
		part_json(p, call_input(item));
	} else if (span_ends(type, SPAN_LIT("_output"))) {
		read_output(x, item);
	} else {
		m = request_message(x, SPAN_LIT("user"));
		message_other(x, m, type.len ? (const char *)type.ptr : "unknown", item);
	}
}

static void read_tool(struct exchange *x, const json_t *v)
{
	struct tool *t = request_function(x, v, v, "parameters");

	if (!json_has(v, "name"))
		set_json(&t->name, json_object_get(v, "server_label"));
	if (!json_has(v, "description"))
		set_json(&t->description, json_object_get(v, "server_description"));
}

static void responses_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "model", "input", "instructions", "tools", "stream",
					     "type",  NULL };
	const json_t *input = json_object_get(body, "input"), *v;
	size_t i;

	set_json(&x->model_asked, json_object_get(body, "model"));
	x->stream_requested = json_is_true(json_object_get(body, "stream"));
	if (json_has(body, "instructions"))
		read_content(x, request_system(x), json_object_get(body, "instructions"));
	if (json_is_string(input))
		read_item(x, input);
	json_array_foreach(input, i, v)
		read_item(x, v);
	json_array_foreach(json_object_get(body, "tools"), i, v)
		read_tool(x, v);
	request_params(x, body, known);
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

static void answer_call(struct exchange *x, int item, const json_t *v, bool announced)
{
	struct part *p = call_part(x, item, json_text(v, "call_id"));
	const json_t *input = call_input(v);
	char *text = NULL;

	read_call(p, v);
	if (announced) {
		answer_append(x, 0, p, span_of(NULL, 0));
		return;
	}
	if (!json_is_string(input))
		text = json_write_text(input);
	answer_whole(x, 0, p, text ? span_str(text) : json_span(input));
	free(text);
	if (type_is(v, "image_generation_call") && json_has(v, "result"))
		part_base64(answer_part(x, 0, PART_IMAGE, slot_of(item, 1)),
			    json_text(v, "output_format"), json_text(v, "result"));
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
	}
}

/* An item as a whole. */
static void answer_item(struct exchange *x, int item, const json_t *v)
{
	struct span type = json_text(v, "type");
	struct part *p;

	if (span_eq(type, SPAN_LIT("message"))) {
		answer_texts(x, item, json_object_get(v, "content"), PART_TEXT, 0);
	} else if (span_eq(type, SPAN_LIT("reasoning"))) {
		answer_texts(x, item, json_object_get(v, "summary"), PART_REASONING, 0);
		answer_texts(x, item, json_object_get(v, "content"), PART_REASONING,
			     REASONING_PARTS);
	} else if (is_call(type)) {
		answer_call(x, item, v, false);
	} else if (type.len) {
		p = answer_part(x, 0, PART_OTHER, slot_of(item, 0));
		set_string(&p->type_raw, type);
		redact_part_reset(p);
		part_json(p, v);
	}
}

static bool calls_tool(const struct exchange *x)
{
	const struct message *m = x->nchoices ? &x->choices[0].msg : NULL;

	for (size_t i = 0; m && i < m->nparts; i++)
		if (m->parts[i].kind == PART_TOOL_CALL &&
		    (!m->parts[i].type_raw ||
		     strcmp(m->parts[i].type_raw, "custom_tool_call") == 0))
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

/* The response object, in an answer and in most events. */
static void read_response(struct exchange *x, const json_t *v, bool final)
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
	json_array_foreach(output, i, item)
		answer_item(x, (int)i, item);
	read_status(x, v);
	if (json_has(v, "error"))
		answer_error_of(x, v);
	else if (json_has(json_object_get(v, "status_details"), "error"))
		answer_error_of(x, json_object_get(v, "status_details"));
}

static void responses_response(struct exchange *x, const json_t *body)
{
	if (json_has(body, "output") || json_is(body, "object", "response"))
		read_response(x, body, true);
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

static bool read_delta(struct exchange *x, struct span type, const json_t *data)
{
	for (size_t i = 0; i < sizeof(deltas) / sizeof(*deltas); i++) {
		const struct delta_row *d = &deltas[i];
		int part = d->number ? json_index(data, d->number, 0) % REASONING_PARTS : 0;
		int slot = slot_of(json_index(data, "output_index", 0), d->first + part);
		struct part *p;

		if (!span_eq(type, span_str(d->type)))
			continue;
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

static void responses_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	struct span type = json_text(data, "type");
	int item = json_index(data, "output_index", 0);
	const json_t *v = json_object_get(data, "item");

	if (read_delta(x, type, data))
		return;
	if (span_eq(type, SPAN_LIT("response.output_item.added"))) {
		if (is_call(json_text(v, "type")))
			answer_call(x, item, v, true);
	} else if (span_eq(type, SPAN_LIT("response.output_item.done"))) {
		answer_item(x, item, v);
	} else if (json_has(data, "response")) {
		read_response(x, json_object_get(data, "response"), is_final(type));
		read_usage(x, json_object_get(data, "usage")); /* where xAI's Realtime has it */
	} else if (json_has(data, "error")) {
		answer_error_of(x, data);
	} else if (span_eq(type, SPAN_LIT("error"))) {
		answer_error(x, json_object_get(data, "type"), json_object_get(data, "code"),
			     json_object_get(data, "message"));
	}
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
	.proves_request = is_responses_request,
	.plausible_request = suits_responses,
	.proves_response = is_responses_response,
	.request = responses_request,
	.response = responses_response,
	.event = responses_event,
	.is_last = is_last_event,
};

/* ---- counting ---- */

static void count_response(struct exchange *x, const json_t *body)
{
	if (!json_has(body, "input_tokens")) {
		answer_error_of(x, body);
		return;
	}
	usage_raw(x, body);
	usage_count(&x->counted, json_object_get(body, "input_tokens"));
}

const struct dialect dialect_openai_count = {
	.name = "openai.count",
	.request = responses_request,
	.response = count_response,
	.event = responses_event,
};
