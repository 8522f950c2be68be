/* SPDX-License-Identifier: MIT */
/* OpenAI over WebSocket: the Responses API, and Realtime with the variants of Azure, Azure's Voice
 * Live and xAI: platform.openai.com/docs/guides/realtime-conversations,
 * .../api-reference/realtime-server-events (read November 2026). Answers are events of the
 * Responses API. */
#include "llm/dialect.h"
#include "llm/dialects/openai.h"
#include "llm/dialects/responses_items.h"
#include "llm/json.h"
#include "llm/rest.h"

/* ---- Responses: a request is one message ---- */

static bool type_is(const json_t *v, const char *type)
{
	return json_is(v, "type", type);
}

static bool is_final(const json_t *v)
{
	return type_is(v, "response.completed") || type_is(v, "response.failed") ||
	       type_is(v, "response.incomplete") || type_is(v, "response.done") ||
	       type_is(v, "response.cancelled") || type_is(v, "error");
}

static enum turn_step responses_turn(bool from_client, const json_t *v)
{
	if (from_client && (type_is(v, "response.inject") || type_is(v, "response.steer")))
		return TURN_MORE;
	if (from_client)
		return type_is(v, "response.create") ? TURN_ASK : TURN_SKIP;
	if (is_final(v))
		return TURN_END;
	return span_starts(json_text(v, "type"), SPAN_LIT("response.")) ? TURN_ANSWER : TURN_SKIP;
}

/* One socket may carry several streams. */
static struct span socket_key(const json_t *v)
{
	return json_text(v, "stream_id");
}

static struct span socket_alias(const json_t *v)
{
	struct span id = json_text(json_object_get(v, "response"), "id");

	if (!id.len)
		id = json_text(v, "response_id");
	return type_is(v, "response.steer") ? json_text(v, "previous_response_id") : id;
}

static void socket_request(struct exchange *x, const json_t *messages)
{
	const json_t *v = json_array_get(messages, json_array_size(messages) - 1);

	/* Some wrap the request. */
	responses_request(x, json_has(v, "response") ? json_object_get(v, "response") : v);
	x->stream_requested = true;
}

/* What the client adds while it is answered is more of its request. */
static void socket_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	if (type_is(data, "response.inject") || type_is(data, "response.steer")) {
		responses_input(x, json_object_get(data, "input"));
		return;
	}
	responses_event(x, state, name, data);
}

static void socket_done(void *state)
{
	response_items_done(state);
}

static bool is_responses_first(const json_t *v)
{
	return type_is(v, "response.create") && (json_has(v, "model") || json_has(v, "input"));
}

const struct dialect dialect_responses_socket = {
	.name = "openai.responses",
	.turn = responses_turn,
	.turn_key = socket_key,
	.turn_alias = socket_alias,
	.is_first = is_responses_first,
	.state_size = sizeof(struct response_items),
	.state_done = socket_done,
	.request = socket_request,
	.response = socket_request,
	.event = socket_event,
};

/* ---- Realtime: a session that client and server add to ---- */

static enum turn_step realtime_turn(bool from_client, const json_t *v)
{
	struct span type = json_text(v, "type");

	if (from_client) {
		if (type_is(v, "session.update"))
			return TURN_STATE;
		if (type_is(v, "response.create"))
			return TURN_ASK;
		return type_is(v, "input_audio_buffer.append") ||
				       type_is(v, "conversation.item.create")
			       ? TURN_INPUT
			       : TURN_SKIP;
	}
	if (span_eq(type, SPAN_LIT("session.created")) ||
	    span_eq(type, SPAN_LIT("session.updated")))
		return TURN_STATE;
	/* The transcript of speech; it may arrive before or during the answer. */
	if (span_eq(type, SPAN_LIT("conversation.item.input_audio_transcription.completed")))
		return TURN_ANSWER;
	if (span_eq(type, SPAN_LIT("response.done")))
		return TURN_END;
	if (span_eq(type, SPAN_LIT("error")))
		return TURN_FAIL;
	return span_starts(type, SPAN_LIT("response.")) ? TURN_ANSWER : TURN_SKIP;
}

/* Several answers may be under way, each of which its events name. */
static struct span realtime_key(const json_t *v)
{
	struct span id = json_text(v, "response_id");

	return id.len ? id : json_text(json_object_get(v, "response"), "id");
}

void realtime_session(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "type",	     "object", "id",	     "model",
					     "instructions", "tools",  "expires_at", NULL };
	const json_t *tool;
	size_t i;

	set_json(&x->model_asked, json_object_get(v, "model"));
	if (json_text(v, "instructions").len) {
		message_clear(&x->system);
		message_text(x, request_system(x), PART_TEXT, json_text(v, "instructions"));
	}
	json_each(json_object_get(v, "tools"), i, tool) {
		request_function(x, tool, tool, "parameters");
		tool_rest(x, tool, tool);
	}
	request_params(x, v, known);
}

/* ?model=... of the path, if no session was captured. */
void realtime_query(struct exchange *x)
{
	struct span target = span_str(x->target),
		    query = span_from(target, span_find(target, '?') + 1);

	while (query.len && !x->model_asked) {
		struct span one = span_first(query, span_find(query, '&'));

		if (span_starts(one, SPAN_LIT("model=")))
			set_string(&x->model_asked, span_from(one, 6));
		else if (span_starts(one, SPAN_LIT("deployment=")))
			set_string(&x->model_asked, span_from(one, 11));
		query = span_from(query, one.len + 1);
	}
}

/* The later of the two, if present: the server's is complete. */
const json_t *realtime_session_of(const json_t *messages)
{
	const json_t *best = NULL, *v;
	size_t i;

	json_array_foreach(messages, i, v) {
		struct span type = json_text(v, "type");

		if (span_ends(type, SPAN_LIT("session.updated")))
			return json_object_get(v, "session");
		if (span_ends(type, SPAN_LIT("session.created")) ||
		    (span_ends(type, SPAN_LIT("session.update")) && !best))
			best = json_object_get(v, "session");
	}
	return best;
}

static void realtime_request(struct exchange *x, const json_t *messages)
{
	static const char *const known[] = { "input", "instructions", NULL };
	static const char *const members[] = { "type", "event_id", "session",	       "audio",
					       "item", "response", "previous_item_id", NULL };
	struct message *speech = NULL;
	struct sha256_ctx sha;
	json_t *items = json_array(), *wrapped;
	const json_t *v, *asked = NULL;
	size_t i;

	sha256_init(&sha);
	realtime_session(x, realtime_session_of(messages));
	json_array_foreach(messages, i, v) {
		request_rest(x, "message", v, members);
		if (type_is(v, "input_audio_buffer.append")) {
			if (!speech) {
				speech = request_message(x, SPAN_LIT("user"));
				message_part(x, speech, PART_AUDIO);
			}
			part_base64_more(&speech->parts[0], &sha, json_text(v, "audio"));
		} else if (type_is(v, "conversation.item.create")) {
			json_array_append(items, json_object_get(v, "item"));
		} else if (type_is(v, "response.create")) {
			asked = json_object_get(v, "response");
		}
	}
	/* The items are those of the Responses API. */
	wrapped = json_object();
	json_object_set_new(wrapped, "input", items);
	if (json_has(asked, "instructions"))
		json_object_set(wrapped, "instructions", json_object_get(asked, "instructions"));
	responses_request(x, wrapped);
	responses_input(x, json_object_get(asked, "input")); /* beside the conversation */
	json_decref(wrapped);
	request_params(x, asked, known);
	realtime_query(x);
	x->stream_requested = true;
}

static void realtime_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	if (type_is(data, "conversation.item.input_audio_transcription.completed"))
		message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT,
			     json_text(data, "transcript"));
	else
		responses_event(x, state, name, data);
}

/* Sessions that transcribe or translate have calls of another kind. */
static const struct dialect *realtime_becomes(const json_t *v)
{
	struct span type = json_text(v, "type");
	const json_t *session = json_object_get(v, "session");

	if (span_starts(type, SPAN_LIT("transcription_session.")) ||
	    type_is(session, "transcription"))
		return &dialect_realtime_transcription;
	if (type_is(session, "translation") ||
	    span_eq(type, SPAN_LIT("session.input_audio_buffer.append")))
		return &dialect_realtime_translation;
	return NULL;
}

static bool is_realtime_first(const json_t *v)
{
	struct span type = json_text(v, "type");

	return (span_starts(type, SPAN_LIT("session.")) ||
		span_starts(type, SPAN_LIT("transcription_session."))) &&
	       json_is_object(json_object_get(v, "session"));
}

const struct dialect dialect_realtime = {
	.name = "openai.realtime",
	.state_size = sizeof(struct response_items),
	.state_done = socket_done,
	.turn = realtime_turn,
	.becomes = realtime_becomes,
	.turn_key = realtime_key,
	.is_first = is_realtime_first,
	.request = realtime_request,
	.response = realtime_request,
	.event = realtime_event,
};
