/* SPDX-License-Identifier: MIT */
/* Cohere's chat in both versions, and its older generate: docs.cohere.com/reference/chat,
 * .../chat-v1, .../chat-stream (read November 2026). Version 2 streams events, version 1 lines. */
#include <stdlib.h>

#include "exchange/citations.h"
#include "exchange/redact.h"
#include "llm/dialect.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/pieces.h"
#include "llm/rest.h"
#include "llm/result.h"

static const struct finish_row finishes[] = {
	{ "COMPLETE", FINISH_STOP },
	{ "STOP_SEQUENCE", FINISH_STOP },
	{ "MAX_TOKENS", FINISH_LENGTH },
	{ "TOOL_CALL", FINISH_TOOL_CALL },
	{ "ERROR", FINISH_ERROR },
	{ "ERROR_LIMIT", FINISH_LENGTH },
	{ "ERROR_TOXIC", FINISH_CONTENT_FILTER },
	{ "TIMEOUT", FINISH_ERROR },
};

static void finish(struct exchange *x, const json_t *v)
{
	struct span raw = json_text(v, "finish_reason");

	if (raw.len)
		answer_finish(x, 0, raw,
			      finish_of(raw, finishes, sizeof(finishes) / sizeof(*finishes)));
}

/* `tokens` counts what the model processed, `billed_units` (kept in usage.raw) what is charged. */
static void read_usage(struct exchange *x, const json_t *v)
{
	const json_t *tokens = json_object_get(v, "tokens");

	if (!json_is_object(v) || (!tokens && !json_has(v, "billed_units")))
		return;
	usage_raw(x, v);
	if (!tokens)
		tokens = json_object_get(v, "billed_units");
	usage_count(&x->usage.input, json_object_get(tokens, "input_tokens"));
	usage_count(&x->usage.output, json_object_get(tokens, "output_tokens"));
	usage_count(&x->usage.reasoning, json_object_get(tokens, "reasoning_tokens"));
	usage_count(&x->usage.image_in, json_object_get(tokens, "image_tokens"));
	usage_count(&x->usage.cached_read, json_object_get(v, "cached_tokens"));
}

/* Members that are read, or say nothing: of messages of both versions, their parts and calls. */
static const char *const message_members[] = { "role",	     "content",	     "tool_plan",
					       "tool_calls", "tool_call_id", "citations",
					       "message",    "tool_results", NULL };
static const char *const none[] = { "type", NULL };
static const char *const part_members[] = { "type", "text", "thinking", "image_url", NULL };
static const char *const call_members[] = { "id",	 "index",      "type", "function", "name",
					    "arguments", "parameters", "text", NULL };
/* Of answers and events; tokens one by one, and the question again, are left out. */
static const char *const answer_members[] = { "id",
					      "generation_id",
					      "response_id",
					      "message",
					      "text",
					      "tool_calls",
					      "generations",
					      "finish_reason",
					      "usage",
					      "meta",
					      "citations",
					      "search_queries",
					      "chat_history",
					      "prompt",
					      "logprobs",
					      "type",
					      "index",
					      "delta",
					      "event_type",
					      "is_finished",
					      "response",
					      "tool_call_delta",
					      "is_search_required",
					      "response_type",
					      "error",
					      NULL };

/* ---- request ---- */

static bool add_image(struct exchange *x, struct message *m, const json_t *v)
{
	const json_t *image = json_object_get(v, "image_url");
	struct span url = json_is_object(image) ? json_text(image, "url") : json_span(image);

	if (!url.len)
		return false;
	part_url(message_part(x, m, PART_IMAGE), url);
	return true;
}

static void read_part(struct exchange *x, struct message *m, const json_t *v)
{
	struct span type = json_text(v, "type");

	if (json_is_text(v))
		message_text(x, m, PART_TEXT, json_span(v));
	else if (span_eq(type, SPAN_LIT("text")))
		message_text(x, m, PART_TEXT, json_text(v, "text"));
	else if (span_eq(type, SPAN_LIT("thinking")))
		message_text(x, m, PART_REASONING, json_text(v, "thinking"));
	else if (!add_image(x, m, v)) {
		message_other(x, m, type.len ? (const char *)type.ptr : "unknown", v);
		return;
	}
	message_rest(x, m, v, part_members);
}

static void read_call(struct part *p, const json_t *v)
{
	const json_t *f = json_object_get(v, "function");

	set_json(&p->id, json_object_get(v, "id"));
	set_json(&p->name, json_object_get(f ? f : v, "name"));
	part_json(p, f ? json_object_get(f, "arguments") : json_object_get(v, "parameters"));
}

static void read_calls(struct exchange *x, struct message *m, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v) {
		read_call(message_part(x, m, PART_TOOL_CALL), v);
		message_rest(x, m, v, call_members);
		message_rest(x, m, json_object_get(v, "function"), call_members);
	}
}

static void read_message(struct exchange *x, const json_t *v)
{
	struct message *m = request_message(x, json_text(v, "role"));
	const json_t *content = json_object_get(v, "content");
	struct part *p;

	if (json_is(v, "role", "tool")) {
		p = message_part(x, m, PART_TOOL_RESULT);
		set_json(&p->id, json_object_get(v, "tool_call_id"));
		result_content(x, m, content, add_image);
		message_rest(x, m, v, message_members);
		return;
	}
	if (json_has(v, "tool_plan"))
		message_text(x, m, PART_REASONING, json_text(v, "tool_plan"));
	request_content(x, m, content, read_part);
	read_calls(x, m, json_object_get(v, "tool_calls"));
	message_rest(x, m, v, message_members);
}

/* What a tool gave back, as version 1 has it. */
static void read_result(struct exchange *x, struct message *m, const json_t *v)
{
	static const char *const known[] = { "call", "outputs", NULL };
	struct part *p = message_part(x, m, PART_TOOL_RESULT);

	set_json(&p->name, json_object_get(json_object_get(v, "call"), "name"));
	part_json(p, json_object_get(v, "outputs"));
	message_rest(x, m, v, known);
	message_rest(x, m, json_object_get(v, "call"), call_members);
}

/* Version 1 has the last message apart from earlier ones. */
static void read_history(struct exchange *x, const json_t *body)
{
	const json_t *v, *result;
	size_t i, k;

	json_each(json_object_get(body, "chat_history"), i, v) {
		struct message *m = request_message(x, json_text(v, "role"));

		if (json_has(v, "message"))
			message_text(x, m, PART_TEXT, json_text(v, "message"));
		read_calls(x, m, json_object_get(v, "tool_calls"));
		json_each(json_object_get(v, "tool_results"), k, result)
			read_result(x, m, result);
		message_rest(x, m, v, message_members);
	}
	if (json_has(body, "message"))
		message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT,
			     json_text(body, "message"));
	json_each(json_object_get(body, "tool_results"), i, v)
		read_result(x, request_message(x, SPAN_LIT("tool")), v);
}

static void read_tool(struct exchange *x, const json_t *v)
{
	const json_t *f = json_object_get(v, "function");

	request_function(x, v, f ? f : v, f ? "parameters" : "parameter_definitions");
	tool_rest(x, v, f ? f : v);
}

static void cohere_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "model",	     "messages", "message", "chat_history",
					     "tool_results", "preamble", "prompt",  "tools",
					     "stream",	     NULL };
	const json_t *v;
	size_t i;

	set_json(&x->model_asked, json_object_get(body, "model"));
	x->stream_requested = json_is_true(json_object_get(body, "stream"));
	if (json_has(body, "preamble"))
		message_text(x, request_system(x), PART_TEXT, json_text(body, "preamble"));
	json_each(json_object_get(body, "messages"), i, v)
		read_message(x, v);
	read_history(x, body);
	if (json_has(body, "prompt"))
		message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT,
			     json_text(body, "prompt"));
	json_each(json_object_get(body, "tools"), i, v)
		read_tool(x, v);
	request_params(x, body, known);
}

/* ---- whole answers ---- */

/* Documents among which one of that id is looked for. */
#define DOCUMENTS_MAX 256

static const json_t *document_of(const json_t *documents, struct span id)
{
	const json_t *v;
	size_t i;

	json_each(documents, i, v) {
		if (i == DOCUMENTS_MAX)
			break;
		if (span_eq(json_text(v, "id"), id))
			return v;
	}
	return NULL;
}

static void cite(struct exchange *x, const json_t *v, struct span id, const json_t *source)
{
	/* Its words are in the request, or with the documents found. */
	static const char *const known[] = { "id",   "url",	  "title", "snippet",
					     "text", "timestamp", "data",  NULL };
	struct citation_view c = { .url = json_text(source, "url"),
				   .title = json_text(source, "title"),
				   .text = json_text(v, "text"),
				   .document = id,
				   .start = COUNT_UNKNOWN,
				   .end = COUNT_UNKNOWN };

	usage_count(&c.start, json_object_get(v, "start"));
	usage_count(&c.end, json_object_get(v, "end"));
	answer_citation(x, &c);
	answer_rest(x, 0, source, known);
}

/* A text with all that it rests on: documents and results of tools, or in version 1 the ids of
 * documents that are listed elsewhere. */
static void read_citation(struct exchange *x, const json_t *v, const json_t *documents)
{
	static const char *const known[] = { "text",	     "start",	      "end",  "sources",
					     "document_ids", "content_index", "type", NULL };
	static const char *const of_source[] = { "type", "id", "document", "tool_output", NULL };
	const json_t *source, *id;
	size_t i;

	json_each(json_object_get(v, "sources"), i, source) {
		cite(x, v, json_text(source, "id"),
		     json_object_get(source,
				     json_has(source, "document") ? "document" : "tool_output"));
		answer_rest(x, 0, source, of_source);
	}
	json_each(json_object_get(v, "document_ids"), i, id)
		cite(x, v, json_span(id), document_of(documents, json_span(id)));
	if (!json_holds(json_object_get(v, "sources")) &&
	    !json_holds(json_object_get(v, "document_ids")))
		cite(x, v, span_of(NULL, 0), NULL);
	answer_rest(x, 0, v, known);
}

/* The sources of an answer, and the searches made for it. */
static void read_sources(struct exchange *x, const json_t *v, const json_t *documents)
{
	const json_t *citations = json_object_get(v, "citations"), *item;
	size_t i;

	json_each(citations, i, item)
		read_citation(x, item, documents);
	json_each(json_object_get(v, "search_queries"), i, item)
		answer_search(x, json_text(item, "text"));
}

static void answer_calls(struct exchange *x, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v) {
		struct part *p = answer_part(x, 0, PART_TOOL_CALL, (int)(i % ANSWER_PARTS_MAX));

		redact_part_reset(p);
		read_call(p, v);
		answer_shown(x, 0, p);
		answer_rest(x, 0, v, call_members);
		answer_rest(x, 0, json_object_get(v, "function"), call_members);
	}
}

/* A content, or a piece of it; each has a number. */
static void answer_content(struct exchange *x, int slot, const json_t *v)
{
	struct span thinking = json_text(v, "thinking"), text = json_text(v, "text");

	if (thinking.len)
		answer_append(x, 0, answer_part(x, 0, PART_REASONING, slot), thinking);
	if (text.len)
		answer_append(x, 0, answer_part(x, 0, PART_TEXT, slot), text);
	if (!json_has(v, "thinking") && !json_has(v, "text"))
		answer_rest_of(x, 0, slot, span_of(NULL, 0), v, none);
	else
		answer_rest_of(x, 0, slot, span_of(NULL, 0), v, part_members);
}

static void answer_message(struct exchange *x, const json_t *m)
{
	const json_t *content = json_object_get(m, "content"), *v;
	size_t i;

	answer_text(x, 0, PART_REASONING, json_text(m, "tool_plan"));
	answer_text(x, 0, PART_TEXT, json_span(content));
	json_each(content, i, v)
		answer_content(x, (int)(i % ANSWER_PARTS_MAX), v);
	answer_calls(x, json_object_get(m, "tool_calls"));
	read_sources(x, m, NULL);
	answer_rest(x, 0, m, message_members);
}

/* The older generate returns a list of texts. */
static void answer_generations(struct exchange *x, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v) {
		answer_choice(x, (unsigned)i);
		answer_text(x, (unsigned)i, PART_TEXT, json_text(v, "text"));
		answer_rest(x, (unsigned)i, v, answer_members);
	}
}

static void read_ids(struct exchange *x, const json_t *v)
{
	static const char *const names[] = { "id", "generation_id", "response_id" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !x->response_id; i++)
		set_json(&x->response_id, json_object_get(v, names[i]));
}

static void read_usages(struct exchange *x, const json_t *v)
{
	read_usage(x, json_object_get(v, "usage"));
	read_usage(x, json_object_get(v, "meta"));
}

static void cohere_response(struct exchange *x, const json_t *body)
{
	const json_t *message = json_object_get(body, "message");

	if (x->status >= 400 || (json_is_text(message) && !json_has(body, "text"))) {
		answer_error(x, json_object_get(body, "error_type"), NULL, message);
		if (!message)
			answer_error_of(x, body);
		return;
	}
	read_ids(x, body);
	answer_choice(x, 0);
	answer_message(x, message);
	answer_text(x, 0, PART_TEXT, json_text(body, "text"));
	answer_calls(x, json_object_get(body, "tool_calls"));
	answer_generations(x, json_object_get(body, "generations"));
	finish(x, body);
	read_sources(x, body, json_object_get(body, "documents"));
	read_usages(x, body);
	answer_rest(x, 0, body, answer_members);
}

/* ---- streams ---- */

struct stream {
	bool begun, over;
	int next;	   /* call */
	json_t *documents; /* version 1: those found so far */
};

static void state_done(void *state)
{
	json_decref(((struct stream *)state)->documents);
}

/* A piece of a call that was not announced belongs to nobody. */
static void read_call_piece(struct exchange *x, struct stream *s, int slot, struct span type,
			    const json_t *call)
{
	const json_t *f = json_object_get(call, "function");
	struct part *p;

	pieces_expect(x, !span_eq(type, SPAN_LIT("tool-call-delta")) ||
				 answer_find(x, 0, PART_TOOL_CALL, slot));
	if (span_eq(type, SPAN_LIT("tool-call-start")))
		pieces_next(x, &s->next, slot);
	p = answer_part(x, 0, PART_TOOL_CALL, slot);
	set_json(&p->id, json_object_get(call, "id"));
	set_json(&p->name, json_object_get(f, "name"));
	answer_append(x, 0, p, json_text(f, "arguments"));
	answer_rest_of(x, 0, slot, span_of(NULL, 0), call, call_members);
	answer_rest_of(x, 0, slot, span_of(NULL, 0), f, call_members);
}

/* Where there is no index, a call is the next one at its start, and then the one that began. */
static int slot_of(const struct stream *s, const json_t *data)
{
	int next = json_is(data, "type", "tool-call-start")			  ? s->next
		   : span_starts(json_text(data, "type"), SPAN_LIT("tool-call-")) ? s->next - 1
										  : 0;

	return json_index(data, "index", next < 0 ? 0 : next);
}

static void read_delta(struct exchange *x, struct stream *s, const json_t *data)
{
	int slot = slot_of(s, data);
	const json_t *delta = json_object_get(data, "delta");
	const json_t *m = json_object_get(delta, "message");
	const json_t *content = json_object_get(m, "content");
	const json_t *call = json_object_get(m, "tool_calls");

	answer_text(x, 0, PART_REASONING, json_text(m, "tool_plan"));
	if (json_is_object(content) && json_object_size(content) > json_has(content, "type")) {
		/* Calls come behind what is said. */
		pieces_expect(x, !s->next || answer_find(x, 0, PART_TEXT, slot) ||
					 answer_find(x, 0, PART_REASONING, slot));
		answer_content(x, slot, content);
	}
	if (json_is_object(call))
		read_call_piece(x, s, slot, json_text(data, "type"), call);
	read_sources(x, m, NULL);
	if (json_has(delta, "error"))
		answer_error_of(x, delta);
	answer_rest(x, 0, m, message_members);
	answer_rest(x, 0, delta, answer_members);
	finish(x, delta);
	read_usages(x, delta);
}

static void keep_documents(struct stream *s, const json_t *v)
{
	if (!json_has(v, "documents"))
		return;
	json_decref(s->documents);
	s->documents = json_incref(json_object_get(v, "documents"));
}

/* A line of version 1. */
static void read_line(struct exchange *x, struct stream *s, struct span type, const json_t *data)
{
	const json_t *whole = json_object_get(data, "response");
	const json_t *call = json_object_get(data, "tool_call_delta");

	if (span_eq(type, SPAN_LIT("text-generation"))) {
		answer_text(x, 0, PART_TEXT, json_text(data, "text"));
	} else if (span_eq(type, SPAN_LIT("tool-calls-generation"))) {
		answer_calls(x, json_object_get(data, "tool_calls"));
	} else if (span_eq(type, SPAN_LIT("tool-calls-chunk"))) {
		struct part *p;

		answer_text(x, 0, PART_REASONING, json_text(data, "text"));
		if (!call)
			return;
		p = answer_part(x, 0, PART_TOOL_CALL, json_index(call, "index", 0));
		set_json(&p->name, json_object_get(call, "name"));
		answer_append(x, 0, p, json_text(call, "parameters"));
		answer_rest(x, 0, call, call_members);
	} else if (span_eq(type, SPAN_LIT("stream-end"))) {
		finish(x, data);
		read_ids(x, whole);
		read_usages(x, whole);
		if (json_has(whole, "documents"))
			keep_documents(s, whole);
		read_sources(x, whole, s->documents);
		answer_rest(x, 0, whole, answer_members);
	}
}

/* A message begins, goes on and ends; of version 1 a line says that it is the last. */
static void follow(struct exchange *x, struct stream *s, const json_t *data)
{
	bool first = json_is(data, "type", "message-start");

	pieces_expect(x, !s->over);
	if (json_has(data, "delta"))
		pieces_expect(x, s->begun || first);
	s->begun |= first;
	s->over |= json_is(data, "type", "message-end") ||
		   json_is_true(json_object_get(data, "is_finished"));
}

static void cohere_ended(struct exchange *x, void *state)
{
	const struct stream *s = state;

	pieces_expect(x, s->over);
	pieces_expect_calls(x);
}

static void cohere_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	struct span type = json_text(data, "event_type");
	struct stream *s = state;

	read_ids(x, data);
	follow(x, s, data);
	if (type.len) {
		keep_documents(s, data);
		read_line(x, s, type, data);
		read_sources(x, data, s->documents);
	} else if (json_has(data, "delta")) {
		read_delta(x, s, data);
	} else if (json_is_text(json_object_get(data, "message"))) {
		answer_error(x, json_object_get(data, "type"), NULL,
			     json_object_get(data, "message"));
	}
	answer_rest(x, 0, data, answer_members);
}

/* The stream of version 2 has "[DONE]" after its last event. */
static bool is_last_line(const json_t *data)
{
	return json_is_true(json_object_get(data, "is_finished"));
}

static bool suits_v1(const json_t *body)
{
	return json_is_text(json_object_get(body, "message")) && !json_has(body, "messages");
}

static bool suits_v2(const json_t *body)
{
	return json_has(body, "model") && json_has(body, "messages");
}

static bool suits_generate(const json_t *body)
{
	return json_is_text(json_object_get(body, "prompt"));
}

static bool is_v2_response(const json_t *body)
{
	return (json_has(body, "finish_reason") &&
		json_is_object(json_object_get(body, "message")) && json_has(body, "usage")) ||
	       json_is(body, "type", "message-start") || json_has(body, "generation_id");
}

const struct dialect dialect_cohere = {
	.name = "cohere.chat",
	.plausible_request = suits_v2,
	.proves_response = is_v2_response,
	.request = cohere_request,
	.response = cohere_response,
	.event = cohere_event,
	.ended = cohere_ended,
	.state_size = sizeof(struct stream),
	.state_done = state_done,
};

const struct dialect dialect_cohere_v1 = {
	.name = "cohere.chat-v1",
	.plausible_request = suits_v1,
	.request = cohere_request,
	.response = cohere_response,
	.event = cohere_event,
	.ended = cohere_ended,
	.state_size = sizeof(struct stream),
	.state_done = state_done,
	.is_last = is_last_line,
};

const struct dialect dialect_cohere_generate = {
	.name = "cohere.generate",
	.plausible_request = suits_generate,
	.request = cohere_request,
	.response = cohere_response,
	.event = cohere_event,
	.ended = cohere_ended,
	.state_size = sizeof(struct stream),
	.state_done = state_done,
};
