/* SPDX-License-Identifier: MIT */
/* Ollama's own API: github.com/ollama/ollama, docs/api.md (read November 2026). Answers are lines
 * of JSON, streamed unless the request disables that; the last line has "done" and the counts. */
#include <stdlib.h>

#include "llm/dialect.h"
#include "llm/dialects/openai.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/pieces.h"
#include "llm/rest.h"

static const struct finish_row finishes[] = {
	{ "stop", FINISH_STOP },
	{ "length", FINISH_LENGTH },
	{ "load", FINISH_OTHER },
	{ "unload", FINISH_OTHER },
};

/* ---- request ---- */

static void read_image(struct part *p, struct span data)
{
	if (span_starts(data, SPAN_LIT("data:")))
		part_url(p, data);
	else
		part_base64(p, span_of(NULL, 0), data);
}

static void read_images(struct exchange *x, struct message *m, const json_t *list)
{
	const json_t *v;
	size_t i;

	if (json_is_text(list))
		read_image(message_part(x, m, PART_IMAGE), json_span(list));
	json_each(list, i, v)
		read_image(message_part(x, m, PART_IMAGE), json_span(v));
}

/* Contents as OpenAI has them, which some servers and clients use here too. */
static void read_part(struct exchange *x, struct message *m, const json_t *v)
{
	static const char *const known[] = { "type", "text", "image_url", NULL };
	const json_t *image = json_object_get(v, "image_url");

	if (json_has(v, "text"))
		message_text(x, m, PART_TEXT, json_text(v, "text"));
	else if (image)
		part_url(message_part(x, m, PART_IMAGE),
			 json_is_object(image) ? json_text(image, "url") : json_span(image));
	else
		message_other(x, m, "content", v);
	if (json_has(v, "text") || image)
		message_rest(x, m, v, known);
}

static void read_call(struct part *p, const json_t *call)
{
	const json_t *f = json_object_get(call, "function");

	set_json(&p->id, json_object_get(call, "id"));
	set_json(&p->name, json_object_get(f, "name"));
	part_json(p, json_object_get(f, "arguments"));
}

static const char *const message_members[] = { "role",	     "content",	  "thinking",	  "images",
					       "tool_calls", "tool_name", "tool_call_id", NULL };
static const char *const call_members[] = { "id",   "type",	 "function", "index",
					    "name", "arguments", NULL };

static void read_message(struct exchange *x, const json_t *v)
{
	struct message *m = request_message(x, json_text(v, "role"));
	struct part *p;
	const json_t *call;
	size_t i;

	if (json_is(v, "role", "tool")) {
		p = message_part(x, m, PART_TOOL_RESULT);
		set_json(&p->id, json_object_get(v, "tool_call_id"));
		set_json(&p->name, json_object_get(v, "tool_name"));
		part_json(p, json_lone_text(json_object_get(v, "content")));
		read_images(x, m, json_object_get(v, "images"));
		message_rest(x, m, v, message_members);
		return;
	}
	if (json_text(v, "thinking").len)
		message_text(x, m, PART_REASONING, json_text(v, "thinking"));
	if (!json_is_text(json_object_get(v, "content")) || json_text(v, "content").len)
		request_content(x, m, json_object_get(v, "content"), read_part);
	read_images(x, m, json_object_get(v, "images"));
	json_each(json_object_get(v, "tool_calls"), i, call) {
		read_call(message_part(x, m, PART_TOOL_CALL), call);
		message_rest(x, m, call, call_members);
		message_rest(x, m, json_object_get(call, "function"), call_members);
	}
	message_rest(x, m, v, message_members);
}

/* A prompt, or texts to embed. */
static void read_prompt(struct exchange *x, const json_t *body)
{
	static const char *const names[] = { "prompt", "input" };

	for (size_t n = 0; n < 2; n++) {
		const json_t *prompt = json_object_get(body, names[n]), *v;
		struct message *m;
		size_t i;

		if (json_is_text(prompt)) {
			m = request_message(x, SPAN_LIT("user"));
			message_text(x, m, PART_TEXT, json_span(prompt));
			read_images(x, m, json_object_get(body, "images"));
		}
		json_each(prompt, i, v)
			message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT,
				     json_span(v));
	}
}

static void ollama_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "model",	"messages", "prompt", "input",
					     "system",	"images",   "tools",  "stream",
					     "options", "context",  NULL };
	static const char *const none[] = { NULL };
	const json_t *v;
	size_t i;

	set_json(&x->model_asked, json_object_get(body, "model"));
	x->stream_requested = !json_is_false(json_object_get(body, "stream"));
	if (json_text(body, "system").len)
		message_text(x, request_system(x), PART_TEXT, json_text(body, "system"));
	json_each(json_object_get(body, "messages"), i, v)
		read_message(x, v);
	read_prompt(x, body);
	json_each(json_object_get(body, "tools"), i, v) {
		request_function(x, v, json_object_get(v, "function"), "parameters");
		tool_rest(x, v, json_object_get(v, "function"));
	}
	request_params(x, json_object_get(body, "options"), none);
	request_params(x, body, known);
}

/* ---- answer ---- */

static void read_usage(struct exchange *x, const json_t *v)
{
	static const char *const names[] = { "prompt_eval_count",    "eval_count",
					     "total_duration",	     "load_duration",
					     "prompt_eval_duration", "eval_duration" };
	json_t *raw = json_object();

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (json_has(v, names[i]))
			json_object_set(raw, names[i], json_object_get(v, names[i]));
	if (json_object_size(raw))
		usage_raw(x, raw);
	json_decref(raw);
	openai_usage(x, json_object_get(v, "usage")); /* as servers that imitate it name them */
	usage_count(&x->usage.input, json_object_get(v, "prompt_eval_count"));
	usage_count(&x->usage.output, json_object_get(v, "eval_count"));
}

static void answer_calls(struct exchange *x, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v) {
		struct part *p;

		/* A call has an id of its own; one that comes twice is one. */
		if (answer_call_of(x, 0, json_text(v, "id")))
			continue;
		p = answer_part(x, 0, PART_TOOL_CALL, NO_SLOT);
		read_call(p, v);
		answer_shown(x, 0, p);
		answer_rest(x, 0, v, call_members);
		answer_rest(x, 0, json_object_get(v, "function"), call_members);
	}
}

/* Of models that draw. */
static void answer_images(struct exchange *x, const json_t *list)
{
	const json_t *v;
	size_t i;

	if (json_span(list).len)
		read_image(answer_part(x, 0, PART_IMAGE, NO_SLOT), json_span(list));
	json_each(list, i, v)
		read_image(answer_part(x, 0, PART_IMAGE, NO_SLOT), json_span(v));
}

static bool calls_tool(const struct message *m)
{
	for (size_t i = 0; i < m->nparts; i++)
		if (m->parts[i].kind == PART_TOOL_CALL)
			return true;
	return false;
}

/* Tokens as numbers, and how likely they were, are left out. */
static void read_rest(struct exchange *x, const json_t *v)
{
	static const char *const known[] = {
		"model",
		"created_at",
		"message",
		"response",
		"thinking",
		"done",
		"done_reason",
		"context",
		"logprobs",
		"eval_count",
		"eval_duration",
		"load_duration",
		"prompt_eval_count",
		"prompt_eval_duration",
		"total_duration",
		"remote_model",
		"remote_host",
		"usage",
		"image",
		"images",
		NULL,
	};

	answer_rest(x, 0, v, known);
	answer_rest(x, 0, json_object_get(v, "message"), message_members);
}

/* A line, or the whole answer. */
static void ollama_response(struct exchange *x, const json_t *v)
{
	const json_t *m = json_object_get(v, "message");
	struct span why = json_text(v, "done_reason");

	set_json(&x->model_answered, json_object_get(v, "model"));
	if (json_has(v, "error")) {
		answer_error_of(x, v);
		return;
	}
	answer_choice(x, 0);
	answer_text(x, 0, PART_REASONING, json_text(m ? m : v, "thinking"));
	answer_text(x, 0, PART_TEXT, m ? json_text(m, "content") : json_text(v, "response"));
	answer_calls(x, json_object_get(m, "tool_calls"));
	answer_images(x, json_object_get(v, "image"));
	answer_images(x, json_object_get(m ? m : v, "images"));
	if (why.len) {
		enum finish f = finish_of(why, finishes, sizeof(finishes) / sizeof(*finishes));

		if (f == FINISH_STOP && calls_tool(&answer_choice(x, 0)->msg))
			f = FINISH_TOOL_CALL;
		answer_finish(x, 0, why, f);
	}
	read_rest(x, v);
	read_usage(x, v);
}

struct stream {
	bool over;
};

static void ollama_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	struct stream *s = state;

	pieces_expect(x, !s->over);
	s->over |= json_is_true(json_object_get(data, "done"));
	ollama_response(x, data);
}

static void ollama_ended(struct exchange *x, void *state)
{
	const struct stream *s = state;

	pieces_expect(x, s->over);
}

static bool is_last_line(const json_t *data)
{
	return json_is_true(json_object_get(data, "done"));
}

/* Other APIs have a path /api/chat too. */
static bool suits_chat(const json_t *body)
{
	return json_has(body, "model") && json_holds(json_object_get(body, "messages"));
}

static bool suits_generate(const json_t *body)
{
	return json_has(body, "model") && (json_has(body, "prompt") || json_has(body, "images"));
}

static bool suits_embed(const json_t *body)
{
	return json_has(body, "model") && (json_has(body, "input") || json_has(body, "prompt"));
}

static bool is_ollama_response(const json_t *body)
{
	return json_has(body, "model") && json_has(body, "created_at") && json_has(body, "done");
}

const struct dialect dialect_ollama_chat = {
	.name = "ollama.chat",
	.plausible_request = suits_chat,
	.proves_response = is_ollama_response,
	.request = ollama_request,
	.response = ollama_response,
	.event = ollama_event,
	.ended = ollama_ended,
	.state_size = sizeof(struct stream),
	.is_last = is_last_line,
};

const struct dialect dialect_ollama_generate = {
	.name = "ollama.generate",
	.plausible_request = suits_generate,
	.request = ollama_request,
	.response = ollama_response,
	.event = ollama_event,
	.ended = ollama_ended,
	.state_size = sizeof(struct stream),
	.is_last = is_last_line,
};

static void embed_response(struct exchange *x, const json_t *body)
{
	/* Vectors are left out. */
	static const char *const known[] = { "model",	       "embedding",	"embeddings",
					     "total_duration", "load_duration", "prompt_eval_count",
					     "error",	       "created_at",	NULL };

	set_json(&x->model_answered, json_object_get(body, "model"));
	read_usage(x, body);
	if (json_has(body, "error"))
		answer_error_of(x, body);
	answer_rest(x, 0, body, known);
}

const struct dialect dialect_ollama_embed = {
	.name = "ollama.embed",
	.plausible_request = suits_embed,
	.request = ollama_request,
	.response = embed_response,
	.event = ollama_event,
	.state_size = sizeof(struct stream),
};
