/* SPDX-License-Identifier: MIT */
/* Requests of the Responses API, and what its items have in common on both sides. */
#include "llm/dialects/openai.h"
#include "llm/json.h"
#include "llm/rest.h"

/* ---- members that are read, or say nothing new, on both sides ---- */

const char *const responses_call_members[] = {
	"type",		"id",		"call_id",
	"name",		"arguments",	"input",
	"action",	"operation",	"code",
	"queries",	"status",	"role",
	"output",	"outputs",	"results",
	"result",	"error",	"output_format",
	"server_label", "container_id", "namespace",
	"size",		"quality",	"background",
	"created_by",	"tools",	"output_compression",
	"item_id",	"output_index", NULL,
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
	static const char *const names[] = { "arguments", "input",   "action", "operation",
					     "code",	  "queries", NULL };

	for (size_t i = 0; names[i]; i++)
		if (json_has(item, names[i]))
			return json_object_get(item, names[i]);
	return NULL;
}

bool responses_is_call(struct span type)
{
	return span_ends(type, SPAN_LIT("_call"));
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

/* One of these members, by the kind of tool. */
const json_t *responses_call_result(const json_t *item, bool *ret_failed)
{
	static const char *const names[] = { "output", "outputs", "results", "result" };

	*ret_failed = json_has(item, "error");
	if (*ret_failed)
		return json_object_get(item, "error");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!json_is_empty(json_object_get(item, names[i])))
			return json_object_get(item, names[i]);
	return NULL;
}

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

	if (json_is_text(v)) {
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
		return;
	}
	message_rest(x, m, v, responses_part_members);
}

/* Content is a text or a list of parts. */
static void read_output(struct exchange *x, const json_t *item)
{
	struct message *m = request_message(x, SPAN_LIT("tool"));
	struct part *p = message_part(x, m, PART_TOOL_RESULT);
	const json_t *output = json_object_get(item, "output");

	set_json(&p->id, json_object_get(item, "call_id"));
	if (!json_is(item, "type", "function_call_output"))
		set_json(&p->type_raw, json_object_get(item, "type"));
	part_json(p, output ? json_lone_text(output) : json_object_get(item, "tools"));
	message_rest(x, m, item, responses_call_members);
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
	message_rest(x, m, item, responses_item_members);
}

static void read_item(struct exchange *x, const json_t *item)
{
	struct span type = json_text(item, "type");
	struct message *m;
	struct part *p;

	if (json_is_text(item)) {
		message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT, json_span(item));
	} else if (json_has(item, "role")) {
		m = request_message(x, json_text(item, "role"));
		request_content(x, m, json_object_get(item, "content"), read_content_part);
		message_rest(x, m, item, responses_item_members);
	} else if (span_eq(type, SPAN_LIT("reasoning"))) {
		read_reasoning(x, item);
	} else if (responses_is_call(type)) {
		m = request_message(x, SPAN_LIT("assistant"));
		p = message_part(x, m, PART_TOOL_CALL);
		responses_read_call(p, item);
		part_json(p, responses_call_input(item));
		message_rest(x, m, item, responses_call_members);
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

void responses_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "model", "input", "instructions", "tools", "stream",
					     "type",  NULL };
	const json_t *input = json_object_get(body, "input"), *v;
	size_t i;

	set_json(&x->model_asked, json_object_get(body, "model"));
	x->stream_requested = json_is_true(json_object_get(body, "stream"));
	if (json_has(body, "instructions"))
		request_content(x, request_system(x), json_object_get(body, "instructions"),
				read_content_part);
	if (json_is_text(input))
		read_item(x, input);
	json_array_foreach(input, i, v)
		read_item(x, v);
	json_array_foreach(json_object_get(body, "tools"), i, v)
		read_tool(x, v);
	request_params(x, body, known);
}
