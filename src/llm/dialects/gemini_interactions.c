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
#include "llm/pieces.h"
#include "llm/rest.h"

static const struct finish_row finishes[] = {
	{ "completed", FINISH_STOP },
	{ "incomplete", FINISH_LENGTH },
	{ "requires_action", FINISH_TOOL_CALL },
	{ "failed", FINISH_ERROR },
	{ "cancelled", FINISH_ERROR },
	{ "in_progress", FINISH_NONE },
};

struct stream {
	struct pieces_set begun; /* steps */
	struct sha256_ctx data;	 /* of the step `heard` */
	int heard;
	bool listening;
};

/* Step and content in one number; an answer has fewer of each. */
static int slot_of(int step, int content)
{
	return (step % (1 << 20)) * 1024 + content % 1024;
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
	char *text = json_is_object(arguments) ? json_write_text(arguments) : NULL;
	const json_t *query;
	size_t i;

	interaction_call(p, v);
	if (text && json_object_size(arguments))
		answer_whole(x, 0, p, span_str(text));
	else if (json_is_text(arguments))
		answer_whole(x, 0, p, json_span(arguments));
	else
		answer_append(x, 0, p, span_of(NULL, 0));
	free(text);
	json_each(json_object_get(arguments, "queries"), i, query)
		answer_search(x, json_span(query));
}

/* What a text rests on: pages, files and places. */
static void read_annotations(struct exchange *x, const json_t *list)
{
	static const char *const known[] = { "type",	    "url",	    "title",	"name",
					     "file_name",   "document_uri", "place_id", "source",
					     "start_index", "end_index",    NULL };
	const json_t *v;
	size_t i;

	json_each(list, i, v) {
		struct span name = json_text(v, json_has(v, "file_name") ? "file_name" : "name");
		struct citation_view c = {
			.url = json_text(v, "url"),
			.title = json_has(v, "title") ? json_text(v, "title") : name,
			.text = json_text(v, "source"),
			.document = json_text(v, json_has(v, "document_uri") ? "document_uri"
									     : "place_id"),
			.start = COUNT_UNKNOWN,
			.end = COUNT_UNKNOWN,
		};

		usage_count(&c.start, json_object_get(v, "start_index"));
		usage_count(&c.end, json_object_get(v, "end_index"));
		answer_citation(x, &c);
		answer_rest(x, 0, v, known);
	}
}

static void answer_content(struct exchange *x, int slot, const json_t *v, enum part_kind kind)
{
	static const char *const known[] = { "type",	  "text",	"data",
					     "mime_type", "uri",	"annotations",
					     "signature", "resolution", NULL };
	enum part_kind media = interaction_media(v);
	struct part *p;

	if (json_has(v, "text")) {
		answer_whole(x, 0, answer_part(x, 0, kind, slot), json_text(v, "text"));
	} else if (media != PART_OTHER) {
		p = answer_part(x, 0, media, slot);
		redact_part_reset(p);
		interaction_source(p, v);
	} else if (!json_is_empty(v)) {
		p = answer_part(x, 0, media, slot);
		set_json(&p->type_raw, json_object_get(v, "type"));
		redact_part_reset(p);
		part_json(p, v);
		return;
	}
	read_annotations(x, json_object_get(v, "annotations"));
	answer_rest_of(x, 0, slot, span_of(NULL, 0), v, known);
}

static void answer_contents(struct exchange *x, int step, const json_t *list, enum part_kind kind)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v)
		answer_content(x, slot_of(step, (int)(i % 1000)), v, kind);
}

/* A page that could not be read is no source. */
static void cite_result(struct exchange *x, const json_t *v)
{
	struct span status = json_text(v, "status");

	if (status.len && !span_caseeq(status, SPAN_LIT("success")))
		return;
	answer_citation(x, &(struct citation_view){ .url = json_text(v, "url"),
						    .title = json_text(v, "title"),
						    .start = COUNT_UNKNOWN,
						    .end = COUNT_UNKNOWN });
}

/* What a tool that Google runs gave back. It comes once, and again in the whole at the end. */
static void answer_result(struct exchange *x, int step, const json_t *v)
{
	struct part *p = answer_part(x, 0, PART_TOOL_RESULT, slot_of(step, 0));
	struct message *m = &answer_choice(x, 0)->msg;
	const json_t *result = json_object_get(v, "result"), *one;
	size_t i;

	if (p == &m->parts[m->nparts - 1] && !p->text.len)
		interaction_result(x, m, v);
	json_each(result, i, one)
		cite_result(x, one);
}

/* The older form, where outputs are contents. */
static bool is_content(const json_t *v, struct span type)
{
	return !json_has(v, "content") && !span_eq(type, SPAN_LIT("thought")) &&
	       (json_has(v, "text") || interaction_media(v) != PART_OTHER);
}

static void answer_step(struct exchange *x, int step, const json_t *v)
{
	static const char *const known[] = { "type",	  "id",	      "call_id",   "name",
					     "arguments", "summary",  "content",   "text",
					     "result",	  "is_error", "signature", "status",
					     "index",	  NULL };
	struct span type = json_text(v, "type");

	if (is_content(v, type)) {
		answer_content(x, slot_of(step, 0), v, PART_TEXT);
		return;
	}
	answer_rest_of(x, 0, slot_of(step, 1000),
		       json_text(v, json_has(v, "id") ? "id" : "call_id"), v, known);
	if (span_ends(type, SPAN_LIT("_call")))
		answer_call(x, step, v);
	else if (span_ends(type, SPAN_LIT("_result")))
		answer_result(x, step, v);
	else if (span_eq(type, SPAN_LIT("thought")))
		answer_contents(x, step, json_object_get(v, "summary"), PART_REASONING);
	else
		answer_contents(x, step, json_object_get(v, "content"), PART_TEXT);
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

/* Sound comes in pieces, each of them base64 of its own. */
static void add_data(struct exchange *x, struct stream *s, int step, const json_t *v)
{
	enum part_kind kind = interaction_media(v);
	struct part *p = answer_part(x, 0, kind == PART_OTHER ? PART_FILE : kind, slot_of(step, 0));

	set_json(&p->media_type, json_object_get(v, "mime_type"));
	if (!s->listening || s->heard != step)
		sha256_init(&s->data);
	s->listening = true;
	s->heard = step;
	part_base64_more(p, &s->data, json_text(v, "data"));
}

static void read_delta(struct exchange *x, struct stream *s, int step, const json_t *delta)
{
	static const char *const known[] = { "type",	    "text",	   "content",
					     "summary",	    "arguments",   "partial_arguments",
					     "id",	    "name",	   "data",
					     "mime_type",   "signature",   "call_id",
					     "result",	    "is_error",	   "index",
					     "annotations", "sample_rate", "channels",
					     "resolution",  NULL };
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
		add_data(x, s, step, delta);
	} else if (json_has(delta, "uri")) {
		answer_content(x, slot_of(step, 0), delta, PART_TEXT);
		return;
	}
	read_annotations(x, json_object_get(delta, "annotations"));
	answer_rest_of(x, 0, slot_of(step, 1000), span_of(NULL, 0), delta, known);
	answer_rest_of(x, 0, slot_of(step, 1000), span_of(NULL, 0), content, known);
}

/* A step begins before it goes on. Older streams have contents, without that. */
static void follow(struct exchange *x, struct stream *s, const json_t *data, int step)
{
	if (json_is(data, "event_type", "step.start"))
		pieces_put(&s->begun, step, true);
	else if (json_is(data, "event_type", "step.delta"))
		pieces_expect(x, pieces_in(&s->begun, step));
}

static void interactions_event(struct exchange *x, void *state, struct span name,
			       const json_t *data)
{
	static const char *const known[] = { "event_type", "event_id",	     "interaction", "step",
					     "delta",	   "error",	     "index",	    "type",
					     "status",	   "interaction_id", "content",	    "usage",
					     NULL };
	int step = json_index(data, "index", 0);

	follow(x, state, data, step);
	if (json_has(data, "interaction"))
		read_interaction(x, json_object_get(data, "interaction"));
	if (json_has(data, "step"))
		answer_step(x, step, json_object_get(data, "step"));
	if (json_has(data, "delta"))
		read_delta(x, state, step, json_object_get(data, "delta"));
	if (json_has(data, "error"))
		answer_error_of(x, data);
	answer_rest(x, 0, data, known);
}

/* The last event says how it ended. */
static void interactions_ended(struct exchange *x, void *state)
{
	pieces_expect_finish(x);
	pieces_expect_calls(x);
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
	.ended = interactions_ended,
	.state_size = sizeof(struct stream),
};
