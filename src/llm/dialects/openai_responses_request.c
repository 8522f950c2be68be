/* SPDX-License-Identifier: MIT */
/* Requests of the Responses API, and what its items have in common on both sides. */
#include "llm/dialects/openai.h"
#include "llm/json.h"
#include "llm/rest.h"
#include "llm/result.h"

/* ---- members that are read, or say nothing new, on both sides ---- */

const char *const responses_call_members[] = {
	"type",	   "id",	   "call_id",	    "name",	    "arguments",
	"input",   "action",	   "operation",	    "code",	    "queries",
	"status",  "role",	   "output",	    "outputs",	    "results",
	"result",  "error",	   "output_format", "container_id", "size",
	"quality", "background",   "created_by",    "tools",	    "output_compression",
	"item_id", "output_index", "actions",	    NULL,
};
const char *const responses_item_members[] = { "id",	  "type",  "role",     "status",
					       "content", "phase", "object",   "summary",
					       "format",  "name",  "end_turn", "encrypted_content",
					       NULL };
const char *const responses_part_members[] = {
	"type",	    "text",	"transcript",	 "refusal",   "annotations",
	"logprobs", "audio",	"signature",	 "image_url", "detail",
	"file_id",  "filename", "file_data",	 "file_url",  "input_audio",
	"data",	    "format",	"cache_control", NULL
};

/* The member of an item of that kind that a reader wants to see; NULL: all of it. */
const json_t *responses_call_input(const json_t *item)
{
	static const char *const names[] = { "arguments", "input", "action",  "actions",
					     "operation", "code",  "queries", NULL };

	for (size_t i = 0; names[i]; i++)
		if (json_has(item, names[i]))
			return json_object_get(item, names[i]);
	return NULL;
}

/* One that waits for the client's approval is a call too. */
bool responses_is_call(struct span type)
{
	return span_ends(type, SPAN_LIT("_call")) ||
	       span_eq(type, SPAN_LIT("mcp_approval_request"));
}

/* Name of the call; the provider's own tools have only their kind. */
void responses_read_call(struct part *p, const json_t *item)
{
	struct span type = json_text(item, "type");

	set_json(&p->id, json_object_get(item, json_has(item, "call_id") ? "call_id" : "id"));
	set_json(&p->name, json_object_get(item, "name"));
	if (!p->name)
		set_string(&p->name, span_first(type, type.len - 5));
	if (!span_eq(type, SPAN_LIT("function_call")))
		set_string(&p->type_raw, type);
}

bool responses_failed(const json_t *item)
{
	return json_has(item, "error") || json_is(item, "status", "failed");
}

/* One of these members, by the kind of tool. */
const json_t *responses_call_result(const json_t *item)
{
	static const char *const names[] = { "error", "output", "outputs", "results", "result" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!json_is_empty(json_object_get(item, names[i])))
			return json_object_get(item, names[i]);
	return NULL;
}

void responses_picture(struct part *p, const json_t *item)
{
	struct span format = json_text(item, "output_format");
	struct buf type;

	buf_init(&type, 64);
	buf_adds(&type, "image/");
	buf_add(&type, format.len ? format : SPAN_LIT("png"));
	part_base64(p, buf_span(&type), json_text(item, "result"));
	buf_done(&type);
}

/* What is said in a piece of sound. */
static void message_text_of(struct exchange *x, struct message *m, const json_t *v)
{
	if (json_has(v, "transcript"))
		message_text(x, m, PART_TEXT, json_text(v, "transcript"));
}

static void read_content_part(struct exchange *x, struct message *m, const json_t *v)
{
	struct span type = json_text(v, "type");

	if (json_is_text(v)) {
		message_text(x, m, PART_TEXT, json_span(v));
	} else if (span_ends(type, SPAN_LIT("text"))) {
		message_text(x, m, PART_TEXT, json_text(v, "text"));
	} else if (span_eq(type, SPAN_LIT("refusal"))) {
		message_text(x, m, PART_REFUSAL, json_text(v, "refusal"));
	} else if (json_has(v, "role") && json_has(v, "content")) {
		/* A message among the instructions. */
		request_content(x, m, json_object_get(v, "content"), read_content_part);
		message_rest(x, m, v, responses_item_members);
		return;
	} else if (openai_binary(x, m, v)) {
		message_text_of(x, m, v);
		message_rest(x, m, v, openai_binary_members);
		return;
	} else if (span_ends(type, SPAN_LIT("audio"))) {
		message_part(x, m, PART_AUDIO);
		message_text_of(x, m, v);
	} else {
		message_other(x, m, type.len ? (const char *)type.ptr : "unknown", v);
		return;
	}
	message_rest(x, m, v, responses_part_members);
}

static void read_result(struct exchange *x, struct message *m, const json_t *item,
			const json_t *result)
{
	struct part *p = message_part(x, m, PART_TOOL_RESULT);

	set_json(&p->id, json_object_get(item, json_has(item, "call_id") ? "call_id" : "id"));
	p->is_error = responses_failed(item);
	result_content(x, m, result, openai_binary);
}

static void read_output(struct exchange *x, const json_t *item)
{
	struct message *m = request_message(x, SPAN_LIT("tool"));
	const json_t *result = responses_call_result(item);
	size_t place = m->nparts;

	read_result(x, m, item, result ? result : json_object_get(item, "tools"));
	if (place < m->nparts && !json_is(item, "type", "function_call_output"))
		set_json(&m->parts[place].type_raw, json_object_get(item, "type"));
	message_rest(x, m, item, responses_call_members);
}

/* With what the provider's own tool gave back, which later requests repeat. */
static void read_call(struct exchange *x, const json_t *item)
{
	struct message *m = request_message(x, SPAN_LIT("assistant"));
	struct part *p = message_part(x, m, PART_TOOL_CALL);
	const json_t *result = responses_call_result(item);

	responses_read_call(p, item);
	part_json(p, responses_call_input(item));
	if (json_is(item, "type", "image_generation_call") && json_is_text(result))
		responses_picture(message_part(x, m, PART_IMAGE), item);
	else if (result)
		read_result(x, m, item, result);
	message_rest(x, m, item, responses_call_members);
}

/* The user's answer to a call that waits for it. */
static void read_approval(struct exchange *x, const json_t *item)
{
	static const char *const known[] = { "type",	"id",	  "approval_request_id",
					     "approve", "reason", NULL };
	struct message *m = request_message(x, SPAN_LIT("user"));
	struct part *p = message_part(x, m, PART_TOOL_RESULT);

	set_json(&p->type_raw, json_object_get(item, "type"));
	set_json(&p->id, json_object_get(item, "approval_request_id"));
	buf_adds(&p->text, json_is_true(json_object_get(item, "approve")) ? "approved" : "denied");
	if (json_has(item, "reason"))
		buf_addc(&p->text, ' ');
	part_json(p, json_object_get(item, "reason"));
	message_rest(x, m, item, known);
}

static void read_thoughts(struct exchange *x, struct message *m, const json_t *list)
{
	const json_t *v;
	size_t i;

	if (json_is_text(list))
		message_text(x, m, PART_REASONING, json_span(list));
	json_each(list, i, v)
		message_text(x, m, PART_REASONING,
			     json_is_text(v) ? json_span(v) : json_text(v, "text"));
}

static void read_reasoning(struct exchange *x, const json_t *item)
{
	struct message *m = request_message(x, SPAN_LIT("assistant"));

	read_thoughts(x, m, json_object_get(item, "summary"));
	read_thoughts(x, m, json_object_get(item, "content"));
	if (!m->nparts)
		set_string(&message_part(x, m, PART_REASONING)->type_raw, SPAN_LIT("encrypted"));
	message_rest(x, m, item, responses_item_members);
}

static void read_item(struct exchange *x, const json_t *item)
{
	struct span type = json_text(item, "type");
	struct message *m;

	if (json_is_text(item)) {
		message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT, json_span(item));
	} else if (json_has(item, "role")) {
		m = request_message(x, json_text(item, "role"));
		request_content(x, m, json_object_get(item, "content"), read_content_part);
		message_rest(x, m, item, responses_item_members);
	} else if (span_eq(type, SPAN_LIT("reasoning"))) {
		read_reasoning(x, item);
	} else if (responses_is_call(type)) {
		read_call(x, item);
	} else if (span_eq(type, SPAN_LIT("mcp_approval_response"))) {
		read_approval(x, item);
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

	tool_rest(x, v, v);
	if (!json_has(v, "name"))
		set_json(&t->name, json_object_get(v, "server_label"));
	if (!json_has(v, "description"))
		set_json(&t->description, json_object_get(v, "server_description"));
}

void responses_input(struct exchange *x, const json_t *input)
{
	const json_t *v;
	size_t i;

	if (json_is_text(input))
		read_item(x, input);
	json_each(input, i, v)
		read_item(x, v);
}

void responses_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "model", "input", "instructions", "tools", "stream",
					     "type",  NULL };
	const json_t *v;
	size_t i;

	set_json(&x->model_asked, json_object_get(body, "model"));
	x->stream_requested = json_is_true(json_object_get(body, "stream"));
	if (json_has(body, "instructions"))
		request_content(x, request_system(x), json_object_get(body, "instructions"),
				read_content_part);
	responses_input(x, json_object_get(body, "input"));
	json_each(json_object_get(body, "tools"), i, v)
		read_tool(x, v);
	request_params(x, body, known);
}
