/* SPDX-License-Identifier: MIT */
/* Anthropic's Managed Agents: events that are sent to a session, the list of all, and the stream of
 * those to come: docs.anthropic.com/en/api/beta/sessions/events (read November 2026). A stream has
 * any number of turns, which are one answer here. Its tokens are those of the model's requests that
 * it tells of; a list tells again what streams told, and counts nothing. */
#include <stdlib.h>

#include "exchange/redact.h"
#include "llm/dialect.h"
#include "llm/dialects/anthropic.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"
#include "llm/result.h"

/* Model requests of one stream that are told apart. */
#define SPANS_MAX 4096

struct stream {
	json_t *seen;  /* events by id: number of each */
	json_t *spans; /* ids of the model requests that are counted */
};

static bool begins(struct span type, const char *name)
{
	return span_starts(type, span_str(name));
}

/* Members of any event. */
static const char *const event_members[] = { "type",
					     "id",
					     "processed_at",
					     "content",
					     "name",
					     "input",
					     "tool_use_id",
					     "mcp_tool_use_id",
					     "is_error",
					     "error",
					     "custom_tool_use_id",
					     "stop_reason",
					     "stop_details",
					     "model_usage",
					     "usage",
					     "event",
					     "event_id",
					     "delta",
					     "model_request_start_id",
					     "description",
					     NULL };

/* ---- request ---- */

static void read_result(struct exchange *x, struct message *m, const json_t *v)
{
	static const char *const ids[] = { "tool_use_id", "mcp_tool_use_id", "custom_tool_use_id" };
	struct part *p = &m->parts[m->nparts - 1];

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++)
		set_json(&p->id, json_object_get(v, ids[i]));
	set_json(&p->type_raw, json_object_get(v, "type"));
	p->is_error = json_is_true(json_object_get(v, "is_error"));
	result_content(x, m, json_object_get(v, "content"), block_add_binary);
}

/* What the user said, or a tool of the user's gave back. */
static void read_sent(struct exchange *x, const json_t *v)
{
	struct span type = json_text(v, "type");
	bool is_system = span_eq(type, SPAN_LIT("system.message"));
	struct message *m = request_message(x, is_system ? SPAN_LIT("system") : SPAN_LIT("user"));

	if (span_ends(type, SPAN_LIT("tool_result"))) {
		message_part(x, m, PART_TOOL_RESULT);
		read_result(x, m, v);
	} else if (span_ends(type, SPAN_LIT(".message"))) {
		block_content(x, m, json_object_get(v, "content"));
	} else if (span_eq(type, SPAN_LIT("user.define_outcome"))) {
		message_text(x, m, PART_TEXT, json_text(v, "description"));
	} else {
		message_other(x, m, type.len ? (const char *)type.ptr : "unknown", v);
		return;
	}
	message_rest(x, m, v, event_members);
}

static void sessions_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "events", NULL };
	const json_t *v;
	size_t i;

	json_each(json_object_get(body, "events"), i, v)
		read_sent(x, v);
	request_params(x, body, known);
}

/* ---- answer ---- */

static const struct finish_row finishes[] = {
	{ "end_turn", FINISH_STOP },	       { "requires_action", FINISH_TOOL_CALL },
	{ "retries_exhausted", FINISH_ERROR }, { "budget_reached", FINISH_LENGTH },
	{ "refusal", FINISH_CONTENT_FILTER },
};

/* The number of the event of that id, from 1; an event that was announced has one already. */
static int number_of(struct stream *s, struct span id, bool *ret_new)
{
	char key[128];
	json_t *v;

	*ret_new = true;
	if (!id.len || id.len >= sizeof(key) || json_object_size(s->seen) >= ANSWER_PARTS_MAX)
		return (int)json_object_size(s->seen) + 1;
	memcpy(key, id.ptr, id.len);
	key[id.len] = '\0';
	if (!s->seen)
		s->seen = json_object();
	v = json_object_get(s->seen, key);
	*ret_new = !v;
	if (v)
		return (int)json_integer_value(v);
	json_object_set_new(s->seen, key, json_integer((json_int_t)json_object_size(s->seen) + 1));
	return (int)json_object_size(s->seen);
}

static int slot_of(int number, int content)
{
	return number * 64 + content % 64;
}

static void add(int64_t *sum, const json_t *v, const char *name)
{
	int64_t n = json_count(v, name);

	if (n != COUNT_UNKNOWN)
		*sum = n + (*sum == COUNT_UNKNOWN ? 0 : *sum);
}

/* A request to the model that the agent made; each once. */
static void add_usage(struct exchange *x, struct stream *s, const json_t *event, const json_t *v)
{
	struct usage *u = &x->usage;
	json_t *raw, *spans;
	bool is_new;

	number_of(s, json_text(event, "id"), &is_new);
	if (!is_new || !json_is_object(v))
		return;
	add(&u->input, v, "input_tokens");
	add(&u->input, v, "cache_read_input_tokens");
	add(&u->input, v, "cache_creation_input_tokens");
	add(&u->cached_read, v, "cache_read_input_tokens");
	add(&u->cache_write_5m, v, "cache_creation_input_tokens");
	add(&u->output, v, "output_tokens");
	if (json_is(v, "speed", "fast"))
		set_json(&x->service_tier, json_object_get(v, "speed"));
	if (!s->spans)
		s->spans = json_array();
	spans = s->spans;
	if (json_array_size(spans) < SPANS_MAX)
		json_array_append(spans, (json_t *)v);
	else
		x->response_partial = true;
	raw = json_pack("{s:O}", "model_requests", spans);
	usage_raw(x, raw);
	json_decref(raw);
}

static void read_texts(struct exchange *x, int number, const json_t *v)
{
	static const char *const known[] = { "type", "text", NULL };
	const json_t *item;
	size_t i;

	json_each(json_object_get(v, "content"), i, item) {
		int slot = slot_of(number, (int)(i % 64));

		if (json_has(item, "text")) {
			answer_whole(x, 0, answer_part(x, 0, PART_TEXT, slot),
				     json_text(item, "text"));
			answer_rest_of(x, 0, slot, json_text(v, "id"), item, known);
		} else {
			anthropic_block(x, slot, item, false);
		}
	}
}

static void read_call(struct exchange *x, int number, const json_t *v)
{
	struct part *p = answer_part(x, 0, PART_TOOL_CALL, slot_of(number, 0));

	set_json(&p->id, json_object_get(v, "id"));
	set_json(&p->name, json_object_get(v, "name"));
	set_json(&p->type_raw, json_object_get(v, "type"));
	if (p->text.len)
		return;
	part_json(p, json_object_get(v, "input"));
	answer_shown(x, 0, p);
}

static void answer_result(struct exchange *x, int number, const json_t *v)
{
	struct part *p = answer_part(x, 0, PART_TOOL_RESULT, slot_of(number, 0));
	struct message *m = &answer_choice(x, 0)->msg;

	if (!p->id && p == &m->parts[m->nparts - 1])
		read_result(x, m, v);
}

/* It waits for the user, or will not go on. */
static void read_status(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "type", "explanation", NULL };
	struct span why = json_text(json_object_get(v, "stop_reason"), "type");

	if (span_eq(json_text(v, "type"), SPAN_LIT("session.status_terminated")))
		answer_finish(x, 0, SPAN_LIT("terminated"), FINISH_OTHER);
	answer_rest(x, 0, json_object_get(v, "stop_reason"), known);
	answer_rest(x, 0, json_object_get(v, "stop_details"), known);
	if (!why.len)
		return;
	answer_finish(x, 0, why, finish_of(why, finishes, sizeof(finishes) / sizeof(*finishes)));
	answer_text(x, 0, PART_REFUSAL,
		    json_text(json_object_get(v, "stop_details"), "explanation"));
}

/* What the agent tries again is no error yet. */
static bool read_error(struct exchange *x, const json_t *v)
{
	const json_t *retry = json_object_get(json_object_get(v, "error"), "retry_status");

	return !json_is(retry, "type", "retrying") && answer_error_of(x, v);
}

/* A piece of a message that comes as a whole behind it. */
static void read_piece(struct exchange *x, struct stream *s, const json_t *v)
{
	const json_t *delta = json_object_get(v, "delta");
	bool is_new;
	int number = number_of(s, json_text(v, "event_id"), &is_new);

	answer_append(x, 0,
		      answer_part(x, 0, PART_TEXT, slot_of(number, json_index(delta, "index", 0))),
		      json_text(json_object_get(delta, "content"), "text"));
}

static void answer_other(struct exchange *x, int number, const json_t *v)
{
	struct part *p = answer_part(x, 0, PART_OTHER, slot_of(number, 0));

	set_json(&p->type_raw, json_object_get(v, "type"));
	redact_part_reset(p);
	part_json(p, v);
}

/* False: it is of no known type. */
static bool read_known(struct exchange *x, struct stream *s, const json_t *v)
{
	struct span type = json_text(v, "type");
	bool is_new;
	int number;

	if (span_eq(type, SPAN_LIT("event_delta"))) {
		read_piece(x, s, v);
		return true;
	}
	if (json_is_object(json_object_get(v, "model_usage")) ||
	    span_eq(type, SPAN_LIT("span.outcome_evaluation_end"))) {
		const json_t *usage = json_object_get(v, "model_usage");

		add_usage(x, s, v, usage ? usage : json_object_get(v, "usage"));
		return true;
	}
	number = number_of(s, json_text(v, "id"), &is_new);
	if (span_eq(type, SPAN_LIT("agent.message")))
		read_texts(x, number, v);
	else if (begins(type, "agent.") && span_ends(type, SPAN_LIT("tool_use")))
		read_call(x, number, v);
	else if (begins(type, "agent.") && span_ends(type, SPAN_LIT("tool_result")))
		answer_result(x, number, v);
	else if ((begins(type, "user.") || begins(type, "system.")) && is_new)
		read_sent(x, v);
	else if (span_eq(type, SPAN_LIT("session.error")))
		return read_error(x, v);
	else if (begins(type, "session.status_"))
		read_status(x, v);
	else
		return begins(type, "span.") || begins(type, "user.") || begins(type, "system.") ||
		       span_eq(type, SPAN_LIT("agent.thinking")) ||
		       span_eq(type, SPAN_LIT("event_start"));
	return true;
}

static void sessions_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	struct stream *s = state;
	bool is_new, known = read_known(x, s, data);
	struct span id = json_text(data, "id");
	int number;

	if (!json_has(data, "type")) {
		answer_error_of(x, data);
		return;
	}
	number = number_of(s, id, &is_new);
	if (!known)
		answer_other(x, number, data);
	else if (!begins(json_text(data, "type"), "user.") &&
		 !begins(json_text(data, "type"), "system."))
		answer_rest_of(x, 0, slot_of(number, 0), id, data, event_members);
}

static void state_done(void *state)
{
	struct stream *s = state;

	json_decref(s->seen);
	json_decref(s->spans);
}

/* The list of what was so far; what was just sent comes back in the same form. */
static void sessions_response(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "data", "next_page",  "error",
					     "type", "request_id", NULL };
	const json_t *list = json_object_get(body, "data"), *v;
	bool sent = x->method && strcmp(x->method, "POST") == 0;
	struct stream s = { 0 };
	size_t i;

	if (json_has(body, "error")) {
		answer_error_of(x, body);
		return;
	}
	answer_choice(x, 0);
	json_each(list, i, v)
		if (!sent && !json_has(v, "model_usage") && !json_has(v, "usage"))
			sessions_event(x, &s, span_of(NULL, 0), v);
	state_done(&s);
	answer_rest(x, 0, body, known);
}

/* ---- shapes ---- */

static bool is_event(const json_t *v)
{
	static const char *const types[] = { "agent.",
					     "session.status_",
					     "session.error",
					     "session.usage",
					     "span.model_request_",
					     "user.message",
					     "event_start",
					     NULL };
	struct span type = json_text(v, "type");

	for (size_t i = 0; types[i]; i++)
		if (begins(type, types[i]))
			return json_has(v, "processed_at") || json_has(v, "event");
	return false;
}

static bool is_sessions_response(const json_t *body)
{
	const json_t *first;

	json_next(json_object_get(body, "data"), 0, &first);
	return is_event(body) || is_event(first);
}

static bool suits_sessions(const json_t *body)
{
	const json_t *first;
	struct span type;

	json_next(json_object_get(body, "events"), 0, &first);
	type = json_text(first, "type");
	return begins(type, "user.") || begins(type, "system.");
}

const struct dialect dialect_anthropic_sessions = {
	.name = "anthropic.sessions",
	.state_size = sizeof(struct stream),
	.state_done = state_done,
	.plausible_request = suits_sessions,
	.proves_response = is_sessions_response,
	.request = sessions_request,
	.response = sessions_response,
	.event = sessions_event,
};
