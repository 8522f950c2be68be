/* SPDX-License-Identifier: MIT */
/* Requests of Chat Completions and of what is compatible with it (openai_chat.c). */
#include "llm/dialects/openai.h"
#include "llm/json.h"
#include "llm/rest.h"
#include "llm/result.h"

void openai_each_thought(const json_t *v, void (*say)(void *arg, struct span text), void *arg)
{
	static const char *const names[] = { "text", "thinking", "summary", "content",
					     "reasoning" };
	const json_t *item;
	size_t i;

	if (json_is_text(v))
		say(arg, json_span(v));
	json_array_foreach(v, i, item)
		openai_each_thought(item, say, arg);
	for (i = 0; json_is_object(v) && i < sizeof(names) / sizeof(*names); i++) {
		if (!json_has(v, names[i]))
			continue;
		openai_each_thought(json_object_get(v, names[i]), say, arg);
		return;
	}
}

struct thinker {
	struct exchange *x;
	struct message *m;
};

static void think(void *arg, struct span text)
{
	struct thinker *t = arg;

	message_text(t->x, t->m, PART_REASONING, text);
}

static void read_thinking(struct exchange *x, struct message *m, const json_t *v)
{
	openai_each_thought(v, think, &(struct thinker){ x, m });
}

static bool is_text_part(const json_t *v)
{
	struct span type = json_text(v, "type");

	return json_is_text(json_object_get(v, "text")) &&
	       (!type.len || span_caseeq(type, SPAN_LIT("text")) ||
		span_ends(type, SPAN_LIT("_text")));
}

/* One element of a content list. */
static void read_part(struct exchange *x, struct message *m, const json_t *v)
{
	static const char *const known[] = { "type",	  "text",	 "refusal", "thinking",
					     "reasoning", "summary",	 "closed",  "cache_control",
					     "signature", "annotations", NULL };
	struct span type = json_text(v, "type");

	if (json_is_text(v)) {
		message_text(x, m, PART_TEXT, json_span(v));
		return;
	}
	if (is_text_part(v))
		message_text(x, m, PART_TEXT, json_text(v, "text"));
	else if (span_eq(type, SPAN_LIT("refusal")))
		message_text(x, m, PART_REFUSAL, json_text(v, "refusal"));
	else if (span_eq(type, SPAN_LIT("thinking")) || span_eq(type, SPAN_LIT("reasoning")))
		read_thinking(x, m, v);
	else if (openai_binary(x, m, v)) {
		message_rest(x, m, v, openai_binary_members);
		return;
	} else {
		message_other(x, m, type.len ? (const char *)type.ptr : "unknown", v);
		return;
	}
	message_rest(x, m, v, known);
}

bool openai_empty_call(const json_t *function)
{
	return !json_text(function, "name").len && !json_text(function, "arguments").len &&
	       !json_has(function, "input") &&
	       json_is_empty(json_object_get(function, "arguments"));
}

static void read_call(struct exchange *x, struct message *m, const json_t *id,
		      const json_t *function)
{
	struct part *p = message_part(x, m, PART_TOOL_CALL);
	const json_t *arguments = json_object_get(function, "arguments");

	set_json(&p->id, id);
	set_json(&p->name, json_object_get(function, "name"));
	part_json(p, arguments ? arguments : json_object_get(function, "input"));
}

const char *const openai_call_members[] = { "id",     "index",	   "type",  "function", "name",
					    "custom", "arguments", "input", NULL };

const json_t *openai_call_function(const json_t *call)
{
	const json_t *f = json_object_get(call, "function");

	return f ? f : json_object_get(call, "custom");
}

static void read_tool_result(struct exchange *x, struct message *m, const json_t *v)
{
	struct part *p = message_part(x, m, PART_TOOL_RESULT);

	set_json(&p->id, json_object_get(v, "tool_call_id"));
	result_content(x, m, json_object_get(v, "content"), openai_binary);
}

const char *const openai_thoughts[] = {
	"reasoning_content", "reasoning", "reasoning_text", "reasoning_details", "thinking_blocks",
	"thinking",	     NULL
};

/* Thinking that only the provider can read. */
bool openai_is_encrypted(const json_t *list)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v)
		if (json_text(v, "data").len)
			return true;
	return false;
}

static void read_reasoning(struct exchange *x, struct message *m, const json_t *v)
{
	for (size_t i = 0; openai_thoughts[i]; i++) {
		if (!openai_is_encrypted(json_object_get(v, openai_thoughts[i])))
			continue;
		set_string(&message_part(x, m, PART_REASONING)->type_raw, SPAN_LIT("encrypted"));
		break;
	}
	for (size_t i = 0, before = m->nparts; openai_thoughts[i] && m->nparts == before; i++)
		read_thinking(x, m, json_object_get(v, openai_thoughts[i]));
}

const char *const openai_message_members[] = {
	"role",
	"content",
	"name",
	"refusal",
	"tool_calls",
	"function_call",
	"audio",
	"images",
	"tool_call_id",
	"reasoning_content",
	"reasoning",
	"reasoning_text",
	"reasoning_details",
	"thinking_blocks",
	"thinking",
	"cache_control",
	"annotations",
	"executed_tools",
	"channel",
	"thought_signature",
	"token_id",
	"id",
	"type",
	"index",
	NULL,
};

static void read_images(struct exchange *x, struct message *m, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v)
		openai_binary_read(message_part(x, m, PART_IMAGE), v);
}

static void read_calls(struct exchange *x, struct message *m, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v) {
		if (!json_is_object(v))
			continue;
		read_call(x, m, json_object_get(v, "id"), openai_call_function(v));
		message_rest(x, m, v, openai_call_members);
		message_rest(x, m, openai_call_function(v), openai_call_members);
	}
}

void openai_chat_message(struct exchange *x, const json_t *v)
{
	struct message *m =
		request_message(x, json_is_text(v) ? SPAN_LIT("user") : json_text(v, "role"));
	const json_t *call = json_object_get(v, "function_call");

	if (json_is_text(v))
		message_text(x, m, PART_TEXT, json_span(v));
	set_json(&m->name, json_object_get(v, "name"));
	if (json_is(v, "role", "tool") || json_is(v, "role", "function")) {
		read_tool_result(x, m, v);
		message_rest(x, m, v, openai_message_members);
		return;
	}
	read_reasoning(x, m, v);
	request_content(x, m, json_object_get(v, "content"), read_part);
	if (json_has(v, "refusal"))
		message_text(x, m, PART_REFUSAL, json_text(v, "refusal"));
	if (json_has(v, "audio"))
		openai_binary_read(message_part(x, m, PART_AUDIO), json_object_get(v, "audio"));
	read_images(x, m, json_object_get(v, "images"));
	read_calls(x, m, json_object_get(v, "tool_calls"));
	if (!openai_empty_call(call))
		read_call(x, m, NULL, call);
	message_rest(x, m, v, openai_message_members);
}

static void read_tool(struct exchange *x, const json_t *v, const json_t *f)
{
	request_function(x, v, f, "parameters");
	tool_rest(x, v, f);
}

void openai_chat_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "model",	  "model_id", "messages", "tools",
					     "functions", "stream",   "prompt",	  NULL };
	const json_t *messages = json_object_get(body, "messages"), *v;
	size_t i;

	set_json(&x->model_asked, json_either(body, "model", "model_id")); /* watsonx */
	x->stream_requested = json_is_true(json_object_get(body, "stream"));
	json_each(messages, i, v)
		openai_chat_message(x, v);
	if (json_is_text(messages))
		message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT,
			     json_span(messages));
	if (json_has(body, "prompt")) /* Mistral's fill-in-the-middle */
		message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT,
			     json_text(body, "prompt"));
	json_each(json_object_get(body, "tools"), i, v)
		read_tool(x, v, openai_call_function(v));
	json_each(json_object_get(body, "functions"), i, v)
		read_tool(x, v, v);
	request_params(x, body, known);
}
