/* SPDX-License-Identifier: MIT */
/* Gemini Interactions: ai.google.dev/api/interactions-api (read November 2026). An answer is a list
 * of steps; a stream announces each step and sends its pieces. Agents answer in the background,
 * with a status and no steps at first. */
#include <stdlib.h>

#include "exchange/citations.h"
#include "exchange/redact.h"
#include "llm/dialect.h"
#include "json/write.h"
#include "llm/dialects/gemini.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"

static const struct finish_row finishes[] = {
	{ "completed", FINISH_STOP },
	{ "incomplete", FINISH_LENGTH },
	{ "requires_action", FINISH_TOOL_CALL },
	{ "failed", FINISH_ERROR },
	{ "cancelled", FINISH_ERROR },
	{ "in_progress", FINISH_NONE },
};

/* Step and content in one number; an answer has fewer of each. */
static int slot_of(int step, int content)
{
	return (step % (1 << 20)) * 1024 + content % 1024;
}

/* ---- request ---- */

/* False: it is of a kind that is not known, and a part as a whole. */
static bool add_content(struct exchange *x, struct message *m, const json_t *v)
{
	static const struct {
		const char *type;
		enum part_kind kind;
	} media[] = { { "image", PART_IMAGE },
		      { "audio", PART_AUDIO },
		      { "document", PART_FILE },
		      { "video", PART_FILE } };
	struct span type = json_text(v, "type");
	struct part *p;

	if (json_is_string(v)) {
		message_text(x, m, PART_TEXT, json_span(v));
		return true;
	}
	if (span_eq(type, SPAN_LIT("text"))) {
		message_text(x, m, PART_TEXT, json_text(v, "text"));
		return true;
	}
	for (size_t i = 0; i < sizeof(media) / sizeof(*media); i++) {
		if (!span_eq(type, span_str(media[i].type)))
			continue;
		p = message_part(x, m, media[i].kind);
		if (json_has(v, "data"))
			part_base64(p, json_text(v, "mime_type"), json_text(v, "data"));
		else
			part_url(p, json_text(v, "uri"));
		return true;
	}
	if (span_eq(type, SPAN_LIT("function_result"))) {
		p = message_part(x, m, PART_TOOL_RESULT);
		set_json(&p->id, json_object_get(v, "call_id"));
		set_json(&p->name, json_object_get(v, "name"));
		p->is_error = json_is_true(json_object_get(v, "is_error"));
		part_json(p, json_object_get(v, "result"));
		return true;
	}
	message_other(x, m, type.len ? (const char *)type.ptr : "unknown", v);
	return false;
}

static void read_content(struct exchange *x, struct message *m, const json_t *v)
{
	static const char *const known[] = { "type",	 "text",       "data",	      "mime_type",
					     "uri",	 "name",       "result",      "call_id",
					     "is_error", "resolution", "annotations", "signature",
					     NULL };

	if (add_content(x, m, v))
		message_rest(x, m, v, known);
}

/* A turn with a role, or a bare content from the user. */
static void read_input(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "type", "role", "content", NULL };
	const json_t *content = json_object_get(v, "content"), *item;
	struct message *m =
		request_message(x, json_has(v, "role") ? json_text(v, "role") : SPAN_LIT("user"));
	size_t i;

	if (!content)
		read_content(x, m, v);
	else if (json_is_string(content))
		read_content(x, m, content);
	json_each(content, i, item)
		read_content(x, m, item);
	if (content)
		message_rest(x, m, v, known);
}

static void interactions_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "model",
					     "agent",
					     "input",
					     "system_instruction",
					     "tools",
					     "stream",
					     "generation_config",
					     NULL };
	static const char *const none[] = { NULL };
	const json_t *input = json_object_get(body, "input"), *v;
	size_t i;

	set_json(&x->model_asked,
		 json_object_get(body, json_has(body, "model") ? "model" : "agent"));
	x->stream_requested = json_is_true(json_object_get(body, "stream"));
	if (json_has(body, "system_instruction"))
		read_content(x, request_system(x), json_object_get(body, "system_instruction"));
	if (json_is_string(input))
		read_input(x, input);
	json_each(input, i, v)
		read_input(x, v);
	json_each(json_object_get(body, "tools"), i, v) {
		request_function(x, v, v, "parameters");
		tool_rest(x, v, v);
	}
	request_params(x, json_object_get(body, "generation_config"), none);
	request_params(x, body, known);
}

/* ---- answer ---- */

/* The output's count excludes reasoning, the input's excludes tools' input. */
static void read_usage(struct exchange *x, const json_t *v)
{
	struct usage *u = &x->usage;
	int64_t in = COUNT_UNKNOWN, out = COUNT_UNKNOWN, tools = COUNT_UNKNOWN;

	if (!json_is_object(v))
		return;
	usage_raw(x, v);
	usage_count(&in, json_object_get(v, "total_input_tokens"));
	usage_count(&out, json_object_get(v, "total_output_tokens"));
	usage_count(&tools, json_object_get(v, "total_tool_use_tokens"));
	usage_count(&u->reasoning, json_object_get(v, "total_thought_tokens"));
	usage_count(&u->cached_read, json_object_get(v, "total_cached_tokens"));
	usage_count(&u->total, json_object_get(v, "total_tokens"));
	gemini_modalities(json_object_get(v, "input_tokens_by_modality"), "tokens", &u->audio_in,
			  &u->image_in);
	gemini_modalities(json_object_get(v, "output_tokens_by_modality"), "tokens", &u->audio_out,
			  &u->image_out);
	if (in != COUNT_UNKNOWN)
		u->input = in + (tools > 0 ? tools : 0);
	if (out != COUNT_UNKNOWN)
		u->output = out + (u->reasoning > 0 ? u->reasoning : 0);
}

static void answer_call(struct exchange *x, int step, const json_t *v)
{
	struct part *p = answer_part(x, 0, PART_TOOL_CALL, slot_of(step, 0));
	const json_t *arguments = json_object_get(v, "arguments");
	struct span type = json_text(v, "type");
	char *text = json_is_object(arguments) ? json_write_text(arguments) : NULL;
	const json_t *query;
	size_t i;

	set_json(&p->id, json_object_get(v, "id"));
	set_json(&p->name, json_object_get(v, "name"));
	if (type.len && !span_eq(type, SPAN_LIT("function_call"))) {
		set_string(&p->type_raw, type);
		if (!p->name)
			set_string(&p->name, span_first(type, type.len - 5));
	}
	if (text && json_object_size(arguments))
		answer_whole(x, 0, p, span_str(text));
	else if (json_is_string(arguments))
		answer_whole(x, 0, p, json_span(arguments));
	else
		answer_append(x, 0, p, span_of(NULL, 0));
	free(text);
	json_each(json_object_get(arguments, "queries"), i, query)
		answer_search(x, json_span(query));
}

static void answer_contents(struct exchange *x, int step, const json_t *list, enum part_kind kind)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v) {
		int slot = slot_of(step, (int)(i % 1024));

		if (json_has(v, "text"))
			answer_whole(x, 0, answer_part(x, 0, kind, slot), json_text(v, "text"));
		else if (json_has(v, "data"))
			part_base64(
				answer_part(x, 0,
					    json_is(v, "type", "audio") ? PART_AUDIO : PART_IMAGE,
					    slot),
				json_text(v, "mime_type"), json_text(v, "data"));
	}
}

/* What a tool that Google runs gave back. */
static void answer_result(struct exchange *x, int step, const json_t *v)
{
	struct part *p = answer_part(x, 0, PART_TOOL_RESULT, slot_of(step, 0));
	const json_t *result = json_object_get(v, "result"), *one;
	size_t i;

	set_json(&p->id, json_object_get(v, "call_id"));
	set_json(&p->type_raw, json_object_get(v, "type"));
	p->is_error |= json_is_true(json_object_get(v, "is_error"));
	if (!json_has(v, "result"))
		return;
	redact_part_reset(p);
	part_json(p, result);
	json_each(result, i, one)
		answer_citation(x, &(struct citation_view){ .url = json_text(one, "url"),
							    .title = json_text(one, "title"),
							    .start = COUNT_UNKNOWN,
							    .end = COUNT_UNKNOWN });
}

static void answer_step(struct exchange *x, int step, const json_t *v)
{
	static const char *const known[] = { "type",	  "id",	      "call_id",   "name",
					     "arguments", "summary",  "content",   "text",
					     "result",	  "is_error", "signature", "status",
					     "index",	  NULL };
	struct span type = json_text(v, "type");

	answer_rest_at(x, 0, slot_of(step, 1000), v, known);
	if (span_ends(type, SPAN_LIT("_call")))
		answer_call(x, step, v);
	else if (span_ends(type, SPAN_LIT("_result")))
		answer_result(x, step, v);
	else if (span_eq(type, SPAN_LIT("thought")))
		answer_contents(x, step, json_object_get(v, "summary"), PART_REASONING);
	else
		answer_contents(x, step, json_object_get(v, "content"), PART_TEXT);
	if (json_has(v, "text")) /* the older form, where outputs are contents */
		answer_whole(x, 0, answer_part(x, 0, PART_TEXT, slot_of(step, 0)),
			     json_text(v, "text"));
}

static void read_interaction(struct exchange *x, const json_t *v)
{
	/* Many repeat the request. */
	static const char *const known[] = {
		"id",
		"object",
		"status",
		"model",
		"agent",
		"role",
		"created",
		"updated",
		"outputs",
		"steps",
		"usage",
		"service_tier",
		"previous_interaction_id",
		"error",
		"system_instruction",
		"tools",
		"generation_config",
		"agent_config",
		"response_modalities",
		"response_mime_type",
		"response_format",
		"input",
		"store",
		"stream",
		"background",
		"cached_content",
		NULL,
	};
	struct span status = json_text(v, "status");
	const json_t *step;
	size_t i;

	set_json(&x->response_id, json_object_get(v, "id"));
	set_json(&x->model_answered, json_object_get(v, "model"));
	set_json(&x->service_tier, json_object_get(v, "service_tier"));
	read_usage(x, json_object_get(v, "usage"));
	json_each(json_object_get(v, "steps"), i, step)
		answer_step(x, (int)i, step);
	json_each(json_object_get(v, "outputs"), i, step)
		answer_step(x, (int)i, step);
	if (status.len)
		answer_finish(x, 0, status,
			      finish_of(status, finishes, sizeof(finishes) / sizeof(*finishes)));
	answer_rest(x, 0, v, known);
}

static void interactions_response(struct exchange *x, const json_t *body)
{
	/* One that is not stored has no id. */
	if (json_has(body, "status") && (json_has(body, "id") || json_has(body, "steps")))
		read_interaction(x, body);
	if (json_has(body, "error"))
		answer_error_of(x, body);
}

static void read_delta(struct exchange *x, int step, const json_t *delta)
{
	static const char *const known[] = {
		"type",	  "text",     "content", "summary",   "arguments", "partial_arguments",
		"id",	  "name",     "data",	 "mime_type", "signature", "call_id",
		"result", "is_error", "index",	 NULL
	};
	struct span type = json_text(delta, "type");
	const json_t *content = json_object_get(delta, "content");
	struct part *p;

	if (span_eq(type, SPAN_LIT("text"))) {
		answer_append(x, 0, answer_part(x, 0, PART_TEXT, slot_of(step, 0)),
			      json_text(delta, "text"));
	} else if (span_eq(type, SPAN_LIT("thought_summary"))) {
		answer_append(x, 0, answer_part(x, 0, PART_REASONING, slot_of(step, 0)),
			      json_text(content ? content : delta, "text"));
	} else if (span_eq(type, SPAN_LIT("arguments")) ||
		   span_eq(type, SPAN_LIT("arguments_delta"))) {
		p = answer_part(x, 0, PART_TOOL_CALL, slot_of(step, 0));
		answer_append(x, 0, p,
			      json_text(delta, json_has(delta, "arguments") ? "arguments"
									    : "partial_arguments"));
	} else if (span_ends(type, SPAN_LIT("_call"))) {
		answer_call(x, step, delta);
	} else if (span_ends(type, SPAN_LIT("_result"))) {
		answer_result(x, step, delta);
	} else if (json_has(delta, "data")) {
		part_base64(answer_part(x, 0,
					span_eq(type, SPAN_LIT("audio")) ? PART_AUDIO : PART_IMAGE,
					slot_of(step, 0)),
			    json_text(delta, "mime_type"), json_text(delta, "data"));
	}
	answer_rest(x, 0, delta, known);
	answer_rest(x, 0, content, known);
}

static void interactions_event(struct exchange *x, void *state, struct span name,
			       const json_t *data)
{
	static const char *const known[] = { "event_type", "event_id",	     "interaction", "step",
					     "delta",	   "error",	     "index",	    "type",
					     "status",	   "interaction_id", "content",	    "usage",
					     NULL };
	int step = json_index(data, "index", 0);

	if (json_has(data, "interaction"))
		read_interaction(x, json_object_get(data, "interaction"));
	if (json_has(data, "step"))
		answer_step(x, step, json_object_get(data, "step"));
	if (json_has(data, "delta"))
		read_delta(x, step, json_object_get(data, "delta"));
	if (json_has(data, "error"))
		answer_error_of(x, data);
	answer_rest(x, 0, data, known);
}

static bool suits_interactions(const json_t *body)
{
	return json_has(body, "model") || json_has(body, "agent");
}

static bool is_interactions_response(const json_t *body)
{
	return json_is(body, "object", "interaction") ||
	       json_is(json_object_get(body, "interaction"), "object", "interaction");
}

const struct dialect dialect_gemini_interactions = {
	.name = "gemini.interactions",
	.plausible_request = suits_interactions,
	.proves_response = is_interactions_response,
	.request = interactions_request,
	.response = interactions_response,
	.event = interactions_event,
};
