/* SPDX-License-Identifier: MIT */
/* Realtime sessions without answers: transcription, where each piece of speech is a call, and
 * translation, where the session is one: platform.openai.com/docs/guides/realtime-transcription,
 * .../api-reference/realtime-translations (read November 2026). */
#include "llm/dialect.h"
#include "llm/dialects/openai.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"

static bool type_is(const json_t *v, const char *type)
{
	return json_is(v, "type", type);
}

static bool is_session(const json_t *v)
{
	return json_is_object(json_object_get(v, "session"));
}

/* A message with a piece of sound, which is none of the session. */
static bool is_sound(const json_t *v)
{
	return span_ends(json_text(v, "type"), SPAN_LIT("input_audio_buffer.append"));
}

/* ---- transcription ---- */

#define TRANSCRIPTION "conversation.item.input_audio_transcription."

static enum turn_step transcription_turn(bool from_client, const json_t *v)
{
	struct span type = json_text(v, "type");

	if (is_session(v))
		return TURN_STATE;
	if (from_client)
		return is_sound(v) ? TURN_INPUT : TURN_SKIP;
	if (span_eq(type, SPAN_LIT(TRANSCRIPTION "completed")) ||
	    span_eq(type, SPAN_LIT(TRANSCRIPTION "failed")))
		return TURN_END;
	if (span_eq(type, SPAN_LIT("error")))
		return TURN_FAIL;
	return span_starts(type, SPAN_LIT(TRANSCRIPTION)) ||
			       span_eq(type, SPAN_LIT("input_audio_buffer.committed"))
		       ? TURN_ANSWER
		       : TURN_SKIP;
}

static struct span transcription_key(const json_t *v)
{
	return json_text(v, "item_id");
}

/* Where the session names the model, which has moved. */
static const json_t *model_of(const json_t *session)
{
	const json_t *input = json_at2(session, "audio", "input");
	const json_t *v = json_object_get(input, "transcription");

	return json_object_get(v ? v : json_object_get(session, "input_audio_transcription"),
			       "model");
}

static void read_sound(struct exchange *x, const json_t *messages)
{
	static const char *const known[] = { "type", "event_id", "session", "audio", NULL };
	struct part *p = message_part(x, request_message(x, SPAN_LIT("user")), PART_AUDIO);
	struct sha256_ctx sha;
	const json_t *v;
	size_t i;

	sha256_init(&sha);
	json_array_foreach(messages, i, v) {
		request_rest(x, "message", v, known);
		if (is_sound(v))
			part_base64_more(p, &sha, json_text(v, "audio"));
	}
}

static void transcription_request(struct exchange *x, const json_t *messages)
{
	const json_t *session = realtime_session_of(messages);

	realtime_session(x, session);
	set_json(&x->model_asked, model_of(session));
	realtime_query(x);
	read_sound(x, messages);
	x->stream_requested = true;
}

static void transcription_event(struct exchange *x, void *state, struct span name,
				const json_t *data)
{
	static const char *const known[] = { "type",	    "event_id",	  "item_id",
					     "delta",	    "transcript", "content_index",
					     "usage",	    "error",	  "previous_item_id",
					     "obfuscation", NULL };
	struct span delta = json_text(data, "delta"), whole = json_text(data, "transcript");
	int slot = json_index(data, "content_index", 0) % 64;

	if (delta.len)
		answer_append(x, 0, answer_part(x, 0, PART_TEXT, slot), delta);
	if (whole.len && !answer_whole(x, 0, answer_part(x, 0, PART_TEXT, slot), whole))
		x->response_partial = true;
	if (type_is(data, TRANSCRIPTION "completed"))
		answer_finish(x, 0, SPAN_LIT("completed"), FINISH_STOP);
	if (answer_error_of(x, data))
		answer_finish(x, 0, SPAN_LIT("failed"), FINISH_ERROR);
	openai_usage(x, json_object_get(data, "usage"));
	answer_rest(x, 0, data, known);
}

const struct dialect dialect_realtime_transcription = {
	.name = "openai.realtime",
	.turn = transcription_turn,
	.turn_key = transcription_key,
	.request = transcription_request,
	.response = transcription_request,
	.event = transcription_event,
};

/* ---- translation ---- */

struct translation {
	bool heard, spoken; /* something */
	struct sha256_ctx in, out;
};

static enum turn_step translation_turn(bool from_client, const json_t *v)
{
	struct span type = json_text(v, "type");

	if (is_session(v))
		return TURN_STATE;
	if (from_client)
		return is_sound(v) ? TURN_MORE : TURN_SKIP;
	if (span_eq(type, SPAN_LIT("session.closed")))
		return TURN_END;
	if (span_eq(type, SPAN_LIT("error")))
		return TURN_FAIL;
	return span_ends(type, SPAN_LIT(".delta")) ? TURN_ANSWER : TURN_SKIP;
}

static void translation_request(struct exchange *x, const json_t *messages)
{
	realtime_session(x, realtime_session_of(messages));
	realtime_query(x);
	message_part(x, request_message(x, SPAN_LIT("user")), PART_AUDIO);
	x->stream_requested = true;
}

/* One of the user's message, whose first part is the sound and whose second is what was said. */
static struct part *user_part(struct exchange *x, size_t n)
{
	struct message *m = x->nmessages ? &x->messages[0] : NULL;

	if (!m || !m->nparts)
		return NULL;
	if (n == m->nparts)
		message_part(x, m, PART_TEXT);
	return n < m->nparts ? &m->parts[n] : NULL;
}

static void add_sound(struct part *p, bool *begun, struct sha256_ctx *sum, const json_t *base64)
{
	if (!*begun)
		sha256_init(sum);
	*begun = true;
	if (p)
		part_base64_more(p, sum, json_span(base64));
}

static void translation_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	struct translation *t = state;
	const json_t *delta = json_object_get(data, "delta");
	struct part *p;

	if (is_sound(data)) {
		add_sound(user_part(x, 0), &t->heard, &t->in, json_object_get(data, "audio"));
	} else if (type_is(data, "session.output_audio.delta")) {
		add_sound(answer_part(x, 0, PART_AUDIO, 0), &t->spoken, &t->out, delta);
	} else if (type_is(data, "session.output_transcript.delta")) {
		answer_append(x, 0, answer_part(x, 0, PART_TEXT, 0), json_span(delta));
	} else if (type_is(data, "session.input_transcript.delta")) {
		p = user_part(x, 1);
		if (p)
			buf_add(&p->text, json_span(delta));
	} else if (type_is(data, "session.closed")) {
		answer_finish(x, 0, SPAN_LIT("closed"), FINISH_STOP);
		openai_usage(x, json_object_get(data, "usage"));
	} else {
		answer_error_of(x, data);
	}
}

const struct dialect dialect_realtime_translation = {
	.name = "openai.realtime",
	.turn = translation_turn,
	.state_size = sizeof(struct translation),
	.request = translation_request,
	.response = translation_request,
	.event = translation_event,
};
