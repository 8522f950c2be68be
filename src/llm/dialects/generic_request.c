/* SPDX-License-Identifier: MIT */
/* Requests in formats that have no dialect of their own. What steers a model lies behind wrappers
 * that differ (chatRequest of Oracle's generative AI, orchestration_config of SAP AI Core, input of
 * Replicate ...), so lists of messages and prompts are looked for in objects within objects. Lists
 * are not searched: they hold what was said before to others, as uploads of traces do. */
#include "llm/dialect.h"
#include "llm/dialects/generic.h"
#include "llm/dialects/mistral_entries.h"
#include "llm/dialects/openai.h"
#include "llm/json.h"
#include "llm/rest.h"

/* Wrappers within wrappers; SAP has four. */
#define WRAPS_MAX    5
#define NAME_MAX_LEN 1024

const char *const generic_models[] = { "model", "model_id", "modelId", "model_name", NULL };
/* Members that are a prompt wherever they stand. */
static const char *const prompts[] = { "prompt",       "inputs",	  "inputText",
				       "input_prefix", "question",	  "user_prompt",
				       "input_suffix", "leftFileContent", NULL };
/* The same only beside what steers a model. */
static const char *const maybes[] = { "input", "text", "texts", "query", "message", NULL };
static const char *const settings[] = {
	"temperature",
	"top_p",
	"topP",
	"max_tokens",
	"maxTokens",
	"max_new_tokens",
	"maxOutputTokens",
	"max_output_tokens",
	"n_predict",
	"maxTokensToSample",
	"generationConfig",
	"generation_config",
	"chat_history",
	"chatHistory",
	"preamble",
	"system_prompt",
	"preambleOverride",
	"apiFormat",
	NULL,
};
static const char *const systems[] = { "system",	"preamble",	"preambleOverride",
				       "system_prompt", "systemPrompt", NULL };
/* Lists of messages that are stored, not asked: OpenAI's conversations, logs, data sets. */
static const char *const stores[] = { "items",	  "events", "logs",  "records",
				      "examples", "data",   "spans", NULL };
static const char *const streams[] = { "stream", "isStream", NULL };

const json_t *generic_first(const json_t *v, const char *const *names)
{
	for (; *names; names++)
		if (json_has(v, *names))
			return json_object_get(v, *names);
	return NULL;
}

/* ---- what is a prompt ---- */

static bool is_message(const json_t *v)
{
	bool speaks = json_text(v, "role").len || json_text(v, "speaker").len;

	return speaks &&
	       (json_has(v, "content") || json_has(v, "text") || json_has(v, "message") ||
		json_has(v, "parts") || json_has(v, "tool_calls") || json_has(v, "toolCalls"));
}

static bool is_chat(const json_t *v)
{
	return is_message(json_array_get(v, 0));
}

/* A text, or texts. */
static bool is_prompt(const json_t *v)
{
	return json_span(v).len > 0 || json_span(json_array_get(v, 0)).len > 0;
}

/* What is said to a database, not to a model. */
static bool is_graphql(const json_t *v)
{
	return json_has(v, "query") && (json_has(v, "variables") || json_has(v, "operationName"));
}

static bool is_steered(const json_t *v)
{
	return generic_first(v, settings) || json_is_text(generic_first(v, generic_models)) ||
	       json_has(v, "servingMode");
}

static bool holds_prompt(const json_t *v, bool steered, unsigned depth);

/* Several prompts at once, each in an object of its own. */
static bool is_batch(const char *key, const json_t *value, bool steered)
{
	return strcmp(key, "instances") == 0 && holds_prompt(json_array_get(value, 0), steered, 0);
}

/* Whether that member of an object is a list of messages or a prompt; steered: names that others
 * use too count. */
static bool says(const char *key, const json_t *value, bool steered)
{
	return (is_chat(value) && !json_name_in(key, stores)) ||
	       ((json_name_in(key, prompts) || (steered && json_name_in(key, maybes))) &&
		is_prompt(value));
}

static bool holds_prompt(const json_t *v, bool steered, unsigned depth)
{
	const char *key;
	json_t *value;

	if (!json_is_object(v) || is_graphql(v))
		return false;
	steered |= is_steered(v);
	json_object_foreach((json_t *)v, key, value) {
		if (says(key, value, steered) || is_batch(key, value, steered))
			return true;
		if (depth > 0 && holds_prompt(value, steered, depth - 1))
			return true;
	}
	return false;
}

/* Nothing but what somebody says. */
static bool is_bare(const json_t *body)
{
	static const char *const names[] = { "input", "message", "text", NULL };

	return json_object_size(body) == 1 && json_span(generic_first(body, names)).len > 0;
}

bool generic_carries_prompt(const json_t *body)
{
	return holds_prompt(body, false, WRAPS_MAX) || is_bare(body) ||
	       (json_is_text(generic_first(body, generic_models)) &&
		!json_is_empty(generic_first(body, prompts)));
}

bool generic_suits(const json_t *body)
{
	const json_t *maybe = generic_first(body, maybes);

	return generic_carries_prompt(body) || is_prompt(maybe) ||
	       (maybe && (json_has(body, "version") || generic_first(body, generic_models)));
}

/* ---- a message of any format ---- */

static void move(json_t *v, const char *from, const char *to)
{
	if (json_has(v, from) && !json_has(v, to))
		json_object_set(v, to, json_object_get(v, from));
	if (json_has(v, to))
		json_object_del(v, from);
}

static json_t *each_as(const json_t *list, json_t *(*as)(const json_t *item))
{
	json_t *out = json_array();
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		json_array_append_new(out, as(item));
	return out;
}

/* {"image": URL} of DashScope, and the same of sound and films; {"imageUrl": {"url": URL}} of
 * Oracle, which may have a type. */
static const struct link {
	const char *name, *type;
	bool typed;
} links[] = {
	{ "image", "image_url", false },	 { "audio", "audio_url", false },
	{ "video", "video_url", false },	 { "imageUrl", "image_url", true },
	{ "audioUrl", "audio_url", true },	 { "videoUrl", "video_url", true },
	{ "documentUrl", "document_url", true },
};

static bool has_link(const json_t *part, const struct link *l)
{
	const json_t *url = json_object_get(part, l->name);

	return json_has(part, "type") ? l->typed && json_is_object(url) : json_span(url).len > 0;
}

static json_t *as_chat_part(const json_t *part)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
		json_t *out;

		if (!has_link(part, &links[i]))
			continue;
		out = json_copy((json_t *)part);
		json_object_set_new(out, "type", json_string(links[i].type));
		json_object_set(out, links[i].type, json_object_get(part, links[i].name));
		json_object_del(out, links[i].name);
		return out;
	}
	return json_incref((json_t *)part);
}

/* The frames of a film are pictures; what stands beside them is a part of its own. */
static void add_frames(json_t *out, const json_t *part, const json_t *frames)
{
	json_t *rest = json_copy((json_t *)part), *frame;
	size_t i;

	json_array_foreach(frames, i, frame)
		json_array_append_new(
			out, json_pack("{s:s,s:O}", "type", "image_url", "image_url", frame));
	json_object_del(rest, "video");
	if (json_object_size(rest))
		json_array_append(out, rest);
	json_decref(rest);
}

static json_t *as_chat_content(const json_t *list)
{
	json_t *out = json_array();
	const json_t *part, *frames;
	size_t i;

	json_array_foreach(list, i, part) {
		frames = json_object_get(part, "video");
		if (json_is_array(frames) && !json_has(part, "type"))
			add_frames(out, part, frames);
		else
			json_array_append_new(out, as_chat_part(part));
	}
	return out;
}

/* {"id", "name", "arguments"}, as of Oracle: the function is the call itself. */
static json_t *as_chat_call(const json_t *call)
{
	json_t *out, *arguments;

	if (openai_call_function(call) || (!json_has(call, "name") && !json_has(call, "arguments")))
		return json_incref((json_t *)call);
	out = json_copy((json_t *)call);
	arguments = json_either(call, "arguments", "parameters");
	json_object_set_new(out, "function", json_object());
	if (json_has(call, "name"))
		json_object_set(json_object_get(out, "function"), "name",
				json_object_get(call, "name"));
	json_object_set(json_object_get(out, "function"), "arguments", arguments);
	json_object_del(out, "parameters");
	return out;
}

static json_t *as_chat_role(const json_t *role)
{
	static const char *const roles[] = { "user", "assistant", "system", "tool", "developer" };
	struct span s = json_span(role);

	if (span_caseeq(s, SPAN_LIT("human")))
		return json_string("user");
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++)
		if (span_caseeq(s, span_str(roles[i])))
			return json_string(roles[i]);
	return json_incref((json_t *)role);
}

json_t *generic_as_chat(const json_t *message)
{
	json_t *out = mistral_is_entry(message) ? mistral_as_chat(message, 0)
						: json_copy((json_t *)message);

	move(out, "speaker", "role");
	move(out, "text", "content");
	move(out, "message", "content");
	move(out, "parts", "content");
	move(out, "toolCalls", "tool_calls");
	move(out, "toolCallId", "tool_call_id");
	move(out, "reasoningContent", "reasoning_content");
	if (json_has(out, "role"))
		json_object_set_new(out, "role", as_chat_role(json_object_get(out, "role")));
	if (json_is_array(json_object_get(out, "content")))
		json_object_set_new(out, "content",
				    as_chat_content(json_object_get(out, "content")));
	if (json_is_array(json_object_get(out, "tool_calls")))
		json_object_set_new(out, "tool_calls",
				    each_as(json_object_get(out, "tool_calls"), as_chat_call));
	return out;
}

/* ---- reading ---- */

/* What came before stands before what is asked, wherever the body has it. */
enum pass { PASS_HISTORY, PASS_PROMPT, PASS_PARAMS };

/* An object of a request. */
struct reader {
	struct exchange *x;
	enum pass pass;
	const char *of; /* its name, with a dot; "": the body itself */
	bool steered;
	unsigned depth; /* of wrappers that may follow */
};

static bool is_history(const char *key)
{
	return strstr(key, "istory") != NULL;
}

static void read_chat(struct exchange *x, const json_t *list)
{
	const json_t *v;
	json_t *chat;
	size_t i;

	json_array_foreach(list, i, v) {
		chat = generic_as_chat(v);
		openai_chat_message(x, chat);
		json_decref(chat);
	}
}

static void read_prompt(struct exchange *x, const json_t *v)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(v))
		part_json(message_part(x, request_message(x, SPAN_LIT("user")), PART_TEXT), v);
	json_array_foreach(v, i, item)
		part_json(message_part(x, request_message(x, SPAN_LIT("user")), PART_TEXT), item);
}

static void read_tools(struct exchange *x, const json_t *list)
{
	const json_t *v, *f;
	size_t i;

	json_array_foreach(list, i, v) {
		f = openai_call_function(v);
		request_function(x, v, f ? f : v, "parameters");
		tool_rest(x, v, f ? f : v);
	}
}

static void read_said(struct reader *r, const char *key, const json_t *value)
{
	bool before = is_chat(value) && is_history(key);

	if (r->pass != (before ? PASS_HISTORY : PASS_PROMPT))
		return;
	if (is_chat(value))
		read_chat(r->x, value);
	else
		read_prompt(r->x, value);
}

static void read_param(struct reader *r, const char *key, const json_t *value)
{
	struct buf name;

	if (r->pass != PASS_PARAMS || json_is_null(value))
		return;
	buf_init(&name, NAME_MAX_LEN);
	if (buf_addf(&name, "%s%s", r->of, key) == 0)
		request_param(r->x, name.ptr, value);
	buf_done(&name);
}

/* Members that steer, and say nothing to the model. False: it is none of them. */
static bool read_steering(struct reader *r, const char *key, const json_t *value)
{
	struct exchange *x = r->x;
	bool now = r->pass == PASS_PARAMS;

	if (json_name_in(key, systems) && json_is_text(value)) {
		if (now)
			message_text(x, request_system(x), PART_TEXT, json_span(value));
	} else if (json_name_in(key, generic_models) && json_is_text(value)) {
		if (now && !x->model_asked)
			set_json(&x->model_asked, value);
	} else if (json_name_in(key, streams) && json_is_boolean(value)) {
		x->stream_requested |= json_is_true(value);
	} else if (json_name_in(key, streams) && json_is_true(json_object_get(value, "enabled"))) {
		x->stream_requested = true; /* SAP's has more settings */
		return false;
	} else if (strcmp(key, "tools") == 0 && json_is_array(value)) {
		if (now)
			read_tools(x, value);
	} else {
		return false;
	}
	return true;
}

static void read_object(struct reader *r, const json_t *v);

static void read_within(const struct reader *r, const char *key, const json_t *value)
{
	struct reader within = *r;
	struct buf name;

	buf_init(&name, NAME_MAX_LEN);
	if (buf_addf(&name, "%s%s.", r->of, key) == 0) {
		within.of = name.ptr;
		within.depth--;
		read_object(&within, value);
	}
	buf_done(&name);
}

static void read_batch(const struct reader *r, const char *key, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (r->depth > 0)
			read_within(r, key, v);
}

/* Names the model of an object that does so itself: {"name": ...}. */
static bool is_model(const char *key, const json_t *value)
{
	return json_name_in(key, generic_models) && json_text(value, "name").len;
}

static void read_member(struct reader *r, const char *key, const json_t *value)
{
	if (is_model(key, value) && !r->x->model_asked)
		set_json(&r->x->model_asked, json_object_get(value, "name"));
	if (says(key, value, r->steered))
		read_said(r, key, value);
	else if (is_batch(key, value, r->steered))
		read_batch(r, key, value);
	else if (read_steering(r, key, value))
		return;
	else if (r->depth > 0 && (holds_prompt(value, r->steered, r->depth - 1) ||
				  json_is_array(json_object_get(value, "tools"))))
		read_within(r, key, value);
	else
		read_param(r, key, value);
}

static void read_object(struct reader *r, const json_t *v)
{
	const char *key;
	json_t *value;

	r->steered |= is_steered(v);
	json_object_foreach((json_t *)v, key, value)
		read_member(r, key, value);
}

/* Oracle and SAP name the model beside what holds the prompt. */
static void read_other_model(struct exchange *x, const json_t *body)
{
	static const char *const ways[] = { "orchestration_config", "module_configurations",
					    "llm_module_config" };
	const json_t *v = body;

	if (x->model_asked)
		return;
	set_json(&x->model_asked, json_at2(body, "servingMode", "modelId"));
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		v = json_object_get(v, ways[i]);
	set_json(&x->model_asked, json_object_get(v, "model_name"));
	if (!x->model_asked)
		set_json(&x->model_asked, json_object_get(body, "version")); /* Replicate */
}

/* Where nothing is said that is known as such: what is sent is shown all the same. */
static void read_unknown(struct exchange *x, const json_t *body)
{
	const json_t *v = generic_first(body, prompts);

	if (!v)
		v = generic_first(body, maybes);
	if (v)
		part_json(message_part(x, request_message(x, SPAN_LIT("user")), PART_TEXT), v);
}

/* "/generate_stream", "/invocations-response-stream": the path asks for a stream. */
static bool path_asks(const struct exchange *x)
{
	struct span target = span_str(x->target);

	return span_ends(span_first(target, span_find(target, '?')), SPAN_LIT("stream"));
}

void generic_request(struct exchange *x, const json_t *body)
{
	struct reader r = { .x = x, .of = "", .steered = true, .depth = WRAPS_MAX };

	for (r.pass = PASS_HISTORY; r.pass <= PASS_PARAMS; r.pass++)
		read_object(&r, body);
	x->stream_requested |= path_asks(x);
	read_other_model(x, body);
	if (!x->nmessages)
		read_unknown(x, body);
}
