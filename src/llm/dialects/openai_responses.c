/* SPDX-License-Identifier: MIT */
/* OpenAI Responses: platform.openai.com/docs/api-reference/responses and .../responses-streaming
 * (read November 2026). Input and output are lists of items. A stream brings pieces of items and
 * ends with an event that has the whole (responses_items.h). */
#include "llm/dialect.h"
#include "llm/dialects/openai.h"
#include "llm/dialects/responses_answer.h"
#include "llm/dialects/responses_items.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"

static const struct finish_row finishes[] = {
	{ "completed", FINISH_STOP },	 { "failed", FINISH_ERROR },
	{ "cancelled", FINISH_ERROR },	 { "max_output_tokens", FINISH_LENGTH },
	{ "max_tokens", FINISH_LENGTH }, { "content_filter", FINISH_CONTENT_FILTER },
	{ "queued", FINISH_NONE },	 { "in_progress", FINISH_NONE },
};

/* ---- answer ---- */

/* Calls whose output the model waits for. */
static bool is_clients(const char *type)
{
	static const char *const names[] = { "custom_tool_call", "computer_call",
					     "local_shell_call", "shell_call",
					     "apply_patch_call", "mcp_approval_request" };

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

	if (!incomplete && span_eq(status, SPAN_LIT("incomplete")))
		incomplete = json_object_get(v, "status_details");
	if (json_text(incomplete, "reason").len)
		why = json_text(incomplete, "reason");
	f = finish_of(why, finishes, sizeof(finishes) / sizeof(*finishes));
	if (f == FINISH_STOP && calls_tool(x))
		f = FINISH_TOOL_CALL;
	if (status.len)
		answer_finish(x, 0, status, f);
}

/* Its items; of a stream, what the events before said. Returns how many. */
static size_t read_output(struct exchange *x, struct response_items *items, const json_t *v)
{
	const json_t *output = json_object_get(v, "output"), *item;
	size_t i;

	json_each(output, i, item)
		responses_answer_item(x, items ? response_item_at(items, i, item) : (int)i, item);
	if (json_is_text(output))
		responses_answer_item(x, 0, output);
	/* A convenience of SDKs; some servers have nothing else. */
	if (!i && !(items && items->count))
		responses_answer_item(x, 0, json_object_get(v, "output_text"));
	return i;
}

/* The response object, in an answer and in most events. items: of the events before; NULL: none. */
static void read_response(struct exchange *x, struct response_items *items, const json_t *v,
			  bool final)
{
	if (!json_is_object(v))
		return;
	set_json(&x->response_id, json_object_get(v, "id"));
	set_json(&x->model_answered, json_object_get(v, "model"));
	set_json(&x->service_tier, json_object_get(v, "service_tier"));
	openai_usage(x, json_object_get(v, "usage"));
	if (!final)
		return;
	answer_choice(x, 0);
	responses_envelope_rest(x, v);
	openai_search_results(x, v);
	/* Of what the stream said the whole lacks something. */
	if (read_output(x, items, v) && items && response_items_left(items))
		x->response_partial = true;
	read_status(x, v);
	if (json_has(v, "error"))
		answer_error_of(x, v);
	else if (json_has(json_object_get(v, "status_details"), "error"))
		answer_error_of(x, json_object_get(v, "status_details"));
}

static void responses_response(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "id", "object", NULL };

	if (json_has(body, "output") || json_is(body, "object", "response"))
		read_response(x, NULL, body, true);
	else if (!answer_error_of(x, body))
		answer_rest(x, 0, body, known);
}

/* ---- stream ---- */

/* Events with a piece of text, and those with the whole of it: the part that it belongs to. */
static const struct text_row {
	const char *stem; /* between "response." and ".delta" or ".done" */
	enum part_kind kind;
	const char *number; /* of the part within its item */
	int first;
	const char *whole; /* member of .done */
} texts[] = {
	{ "output_text", PART_TEXT, "content_index", 0, "text" },
	{ "text", PART_TEXT, "content_index", 0, "text" },
	{ "output_audio_transcript", PART_TEXT, "content_index", 0, "transcript" },
	{ "audio_transcript", PART_TEXT, "content_index", 0, "transcript" },
	{ "audio.transcript", PART_TEXT, "content_index", 0, "transcript" },
	{ "refusal", PART_REFUSAL, "content_index", 0, "refusal" },
	{ "reasoning_summary_text", PART_REASONING, "summary_index", 0, "text" },
	{ "reasoning_text", PART_REASONING, "content_index", REASONING_PARTS, "text" },
	{ "function_call_arguments", PART_TOOL_CALL, NULL, 0, "arguments" },
	{ "mcp_call_arguments", PART_TOOL_CALL, NULL, 0, "arguments" },
	{ "custom_tool_call_input", PART_TOOL_CALL, NULL, 0, "input" },
	{ "code_interpreter_call_code", PART_TOOL_CALL, NULL, 0, "code" },
};

/* The row of that event; *ret_whole: it has the whole. NULL: none. */
static const struct text_row *text_row_of(struct span type, bool *ret_whole)
{
	struct span stem = span_from(type, strlen("response."));

	*ret_whole = span_ends(stem, SPAN_LIT(".done"));
	if (!*ret_whole && !span_ends(stem, SPAN_LIT(".delta")))
		return NULL;
	stem.len -= strlen(*ret_whole ? ".done" : ".delta");
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (span_eq(stem, span_str(texts[i].stem)))
			return &texts[i];
	return NULL;
}

static struct part *text_part(struct exchange *x, struct response_items *items,
			      const struct text_row *d, const json_t *data)
{
	int part = d->number ? json_index(data, d->number, 0) % REASONING_PARTS : 0;
	int item = response_item_of(items, data, NULL, false);
	struct part *p = NULL;

	if (d->kind == PART_TOOL_CALL)
		p = answer_call_of(x, 0, json_text(data, "call_id"));
	return p ? p : answer_part(x, 0, d->kind, responses_slot(item, d->first + part));
}

static bool read_text(struct exchange *x, struct response_items *items, struct span type,
		      const json_t *data)
{
	bool whole;
	const struct text_row *d = text_row_of(type, &whole);

	if (!d)
		return false;
	if (!whole)
		answer_append(x, 0, text_part(x, items, d, data), json_text(data, "delta"));
	else if (json_text(data, d->whole).len)
		responses_answer_whole(x, text_part(x, items, d, data), json_text(data, d->whole));
	return true;
}

/* Sound, of which each piece is base64 of its own. */
static bool read_sound(struct exchange *x, struct response_items *items, struct span type,
		       const json_t *data)
{
	int item, part = json_index(data, "content_index", 0) % REASONING_PARTS;

	if (!span_eq(type, SPAN_LIT("response.output_audio.delta")) &&
	    !span_eq(type, SPAN_LIT("response.audio.delta")))
		return false;
	item = response_item_of(items, data, NULL, false);
	part_base64_more(answer_part(x, 0, PART_AUDIO, responses_slot(item, part)),
			 response_item_sum(items, item), json_text(data, "delta"));
	return true;
}

/* Pieces of what nobody knows: the item as a whole, if it comes, takes their place. */
static bool read_unknown(struct exchange *x, struct response_items *items, struct span type,
			 const json_t *data)
{
	struct span stem = span_from(type, strlen("response."));
	struct part *p;

	if (!span_ends(stem, SPAN_LIT(".delta")) || !json_text(data, "delta").len ||
	    responses_told_again(type))
		return false;
	p = answer_part(x, 0, PART_OTHER,
			responses_slot(response_item_of(items, data, NULL, false), 0));
	if (!p->type_raw)
		set_string(&p->type_raw, span_first(stem, stem.len - strlen(".delta")));
	answer_append(x, 0, p, json_text(data, "delta"));
	return true;
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
		responses_answer_item(x, item, v);
		response_item_end(items, item);
	} else {
		responses_announce(x, item, v);
	}
}

/* A part as a whole, which the item as a whole repeats. */
static void read_part_event(struct exchange *x, struct response_items *items, const json_t *data)
{
	bool summary = json_has(data, "summary_index");
	const json_t *v = json_object_get(data, "part");
	int number =
		json_index(data, summary ? "summary_index" : "content_index", 0) % REASONING_PARTS;
	bool hidden = json_is(v, "type", "reasoning_text");

	responses_answer_part(x, response_item_of(items, data, NULL, false), v,
			      summary || hidden ? PART_REASONING : PART_TEXT,
			      hidden ? REASONING_PARTS + number : number);
}

static void read_event(struct exchange *x, struct response_items *items, struct span name,
		       const json_t *data)
{
	struct span type = json_text(data, "type");

	if (read_text(x, items, type, data) || read_sound(x, items, type, data) ||
	    read_unknown(x, items, type, data))
		return;
	if (span_eq(type, SPAN_LIT("response.output_item.added"))) {
		read_item_event(x, items, data, false);
	} else if (span_eq(type, SPAN_LIT("response.output_item.done"))) {
		read_item_event(x, items, data, true);
	} else if (span_ends(type, SPAN_LIT("_part.done"))) {
		read_part_event(x, items, data);
	} else if (span_eq(type, SPAN_LIT("response.output_text.annotation.added"))) {
		openai_annotation(x, json_object_get(data, "annotation"));
	} else if (span_ends(type, SPAN_LIT("inject.failed")) ||
		   span_ends(type, SPAN_LIT("steer.failed"))) {
		/* What the client added was refused; the answer goes on. */
		message_other(x, &answer_choice(x, 0)->msg, (const char *)type.ptr, data);
		return;
	} else if (json_has(data, "response")) {
		read_response(x, items, json_object_get(data, "response"), is_final(type));
		openai_usage(x, json_object_get(data, "usage")); /* where xAI's Realtime has it */
	} else if (span_eq(type, SPAN_LIT("error")) && !json_has(data, "error")) {
		answer_error(x, json_object_get(data, "type"), json_object_get(data, "code"),
			     json_object_get(data, "message"));
	} else {
		answer_error_event(x, name, data);
	}
}

void responses_event(struct exchange *x, struct response_items *items, struct span name,
		     const json_t *data)
{
	enum response_turn turn = response_turn_of(&items->order, data);

	x->response_partial |= turn != RESPONSE_DUE;
	if (turn == RESPONSE_AGAIN)
		return;
	read_event(x, items, name, data);
	responses_event_rest(x, data);
}

static void event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	responses_event(x, state, name, data);
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
	.tells_end = true,
};
