/* SPDX-License-Identifier: MIT */
/* Requests of Chat Completions and of what is compatible with it (openai_chat.c). */
#include "llm/dialects/openai.h"
#include "llm/json.h"
#include "llm/rest.h"

/* "mp3" -> "audio/mp3" */
static void read_audio(struct part *p, const json_t *audio)
{
	struct span format = json_text(audio, "format"), data = json_text(audio, "data");
	struct buf type;

	buf_init(&type, 64);
	if (format.len && span_find(format, '/') == format.len)
		buf_adds(&type, "audio/");
	buf_add(&type, format);
	/* Mistral has the base64 itself in its place. */
	part_base64(p, buf_span(&type), json_is_text(audio) ? json_span(audio) : data);
	set_json(&p->id, json_object_get(audio, "id"));
	buf_done(&type);
}

static void read_file(struct part *p, const json_t *file)
{
	set_json(&p->name, json_object_get(file, "filename"));
	set_json(&p->id, json_object_get(file, "file_id"));
	part_url(p, json_text(file, "file_data"));
}

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

struct span openai_image_url(const json_t *image)
{
	return json_is_object(image) ? json_text(image, "url") : json_span(image);
}

/* One element of a content list. */
static void read_part(struct exchange *x, struct message *m, const json_t *v)
{
	static const char *const known[] = {
		"type",	     "text",	 "refusal",   "image_url", "input_audio",
		"file",	     "thinking", "reasoning", "summary",   "cache_control",
		"signature", "closed",	 "detail",    NULL,
	};
	struct span type = json_text(v, "type");

	if (json_is_text(v)) {
		message_text(x, m, PART_TEXT, json_span(v));
		return;
	}
	if (span_caseeq(type, SPAN_LIT("text")) || (!type.len && json_text(v, "text").len))
		message_text(x, m, PART_TEXT, json_text(v, "text"));
	else if (span_eq(type, SPAN_LIT("refusal")))
		message_text(x, m, PART_REFUSAL, json_text(v, "refusal"));
	else if (span_eq(type, SPAN_LIT("image_url")))
		part_url(message_part(x, m, PART_IMAGE),
			 openai_image_url(json_object_get(v, "image_url")));
	else if (span_eq(type, SPAN_LIT("input_audio")))
		read_audio(message_part(x, m, PART_AUDIO), json_object_get(v, "input_audio"));
	else if (span_eq(type, SPAN_LIT("file")))
		read_file(message_part(x, m, PART_FILE), json_object_get(v, "file"));
	else if (span_eq(type, SPAN_LIT("thinking")) || span_eq(type, SPAN_LIT("reasoning")))
		read_thinking(x, m, v);
	else {
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
	part_json(p, json_lone_text(json_object_get(v, "content")));
}

const char *const openai_thoughts[] = {
	"reasoning_content", "reasoning", "reasoning_text", "reasoning_details", "thinking_blocks",
	"thinking",	     NULL
};

static void read_reasoning(struct exchange *x, struct message *m, const json_t *v)
{
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

	json_array_foreach(list, i, v)
		part_url(message_part(x, m, PART_IMAGE),
			 openai_image_url(json_object_get(v, "image_url")));
}

void openai_chat_message(struct exchange *x, const json_t *v)
{
	struct message *m = request_message(x, json_text(v, "role"));
	const json_t *item;
	size_t i;

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
		read_audio(message_part(x, m, PART_AUDIO), json_object_get(v, "audio"));
	read_images(x, m, json_object_get(v, "images"));
	json_array_foreach(json_object_get(v, "tool_calls"), i, item) {
		read_call(x, m, json_object_get(item, "id"), openai_call_function(item));
		message_rest(x, m, item, openai_call_members);
		message_rest(x, m, openai_call_function(item), openai_call_members);
	}
	item = json_object_get(v, "function_call");
	if (!openai_empty_call(item))
		read_call(x, m, NULL, item);
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
	if (json_is_object(messages))
		openai_chat_message(x, messages);
	json_array_foreach(messages, i, v)
		openai_chat_message(x, v);
	if (json_has(body, "prompt")) /* Mistral's fill-in-the-middle */
		message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT,
			     json_text(body, "prompt"));
	json_array_foreach(json_object_get(body, "tools"), i, v)
		read_tool(x, v, openai_call_function(v));
	json_array_foreach(json_object_get(body, "functions"), i, v)
		read_tool(x, v, v);
	request_params(x, body, known);
}
