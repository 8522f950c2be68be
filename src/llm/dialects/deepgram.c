/* SPDX-License-Identifier: MIT */
/* Deepgram's speech: to text (listen), from text (speak) and what a text says (read), over HTTP and
 * WebSocket (developers.deepgram.com/reference, and its SDK for Python 5; read November 2026).
 * Audio is binary in both directions; the path's query holds the parameters. A turn of a WebSocket
 * is an utterance, or what is spoken up to a flush. */
#include "llm/dialect.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"
#include "llm/speech.h"

static bool type_is(const json_t *v, const char *type)
{
	return json_is(v, "type", type);
}

static const json_t *first_alternative(const json_t *channel)
{
	return json_first(json_object_get(channel, "alternatives"));
}

/* ---- listen ---- */

static struct span transcript_of(const json_t *v)
{
	if (json_has(v, "channel"))
		return json_text(first_alternative(json_object_get(v, "channel")), "transcript");
	return json_text(v, "transcript");
}

static enum turn_step listen_turn(bool from_client, const json_t *v)
{
	if (from_client)
		return json_has(v, "binary") ? TURN_INPUT : TURN_SKIP;
	if (type_is(v, "Results") && transcript_of(v).len)
		return json_is_true(json_object_get(v, "speech_final")) ||
				       json_is_true(json_object_get(v, "from_finalize"))
			       ? TURN_END
			       : TURN_ANSWER;
	if (type_is(v, "TurnInfo") && transcript_of(v).len)
		return json_is(v, "event", "EndOfTurn") ? TURN_END : TURN_ANSWER;
	if (type_is(v, "SpeechStarted") || type_is(v, "Connected"))
		return TURN_SKIP;
	return TURN_OVER;
}

static void listen_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "url", NULL };
	struct speech_audio audio = { .begun = false };
	const json_t *v;
	size_t i;

	speech_query(x);
	json_array_foreach(body, i, v)
		speech_sent(x, &audio, json_text(v, "binary"));
	if (json_has(body, "url"))
		part_url(message_part(x, request_message(x, SPAN_LIT("user")), PART_AUDIO),
			 json_text(body, "url"));
	request_params(x, json_is_object(body) ? body : NULL, known);
}

/* Of an answer over HTTP there may be several models, by their ids. */
static void read_model(struct exchange *x, const json_t *info)
{
	const char *id;
	json_t *v;

	set_json(&x->model_answered, json_object_get(info, "name"));
	json_object_foreach((json_t *)info, id, v)
		if (!x->model_answered)
			set_json(&x->model_answered, json_object_get(v, "name"));
}

/* It is charged by the second. */
static void read_metadata(struct exchange *x, const json_t *v)
{
	json_t *seconds = json_object_get(v, "duration");
	json_t *usage = seconds ? json_pack("{s:O}", "duration", seconds) : NULL;

	set_json(&x->response_id, json_object_get(v, "request_id"));
	read_model(x, json_object_get(v, "model_info"));
	if (usage)
		usage_raw(x, usage);
	json_decref(usage);
}

/* Of an answer over HTTP, which has one. */
static void read_envelope(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "request_id", "duration", "transaction_key", "sha256",
					     "created",	   "channels", "models",	  NULL };

	read_metadata(x, v);
	answer_rest(x, 0, v, known);
}

static bool read_error(struct exchange *x, const json_t *v)
{
	if (json_has(v, "err_code")) {
		answer_error(x, json_object_get(v, "err_code"), NULL,
			     json_object_get(v, "err_msg"));
		return true;
	}
	if (type_is(v, "Error") || type_is(v, "FatalError")) {
		answer_error(x, json_object_get(v, "variant"), json_object_get(v, "code"),
			     json_object_get(v, "description"));
		return true;
	}
	return answer_error_of(x, v);
}

static void listen_response(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "metadata", "results", NULL };
	static const char *const read[] = { "channels", NULL };
	static const char *const heard[] = { "alternatives", NULL };
	static const char *const said[] = { "transcript", "words", "paragraphs", NULL };
	const json_t *results = json_object_get(body, "results"), *channel;
	size_t i;

	if (read_error(x, body))
		return;
	json_each(json_object_get(results, "channels"), i, channel) {
		const json_t *best = first_alternative(channel);

		answer_text(x, (unsigned)i, PART_TEXT, json_text(best, "transcript"));
		answer_rest(x, (unsigned)i, best, said);
		answer_rest(x, (unsigned)i, channel, heard);
	}
	read_envelope(x, json_object_get(body, "metadata"));
	answer_rest(x, 0, results, read);
	answer_rest(x, 0, body, known);
}

static void listen_event(struct exchange *x, void *state, struct span name, const json_t *v)
{
	static const char *const known[] = {
		"type",		"channel",	 "channel_index", "transcript", "is_final",
		"speech_final", "from_finalize", "start",	  "duration",	"metadata",
		"words",	"event",	 "request_id",	  "model_info", NULL,
	};
	bool is_final = json_is_true(json_object_get(v, "is_final"));

	if (read_error(x, v))
		return;
	read_metadata(x, json_has(v, "channel") ? json_object_get(v, "metadata") : v);
	speech_heard(x, state, transcript_of(v), is_final);
	answer_rest(x, 0, v, known);
}

/* ---- speak ---- */

static enum turn_step speak_turn(bool from_client, const json_t *v)
{
	if (from_client)
		return type_is(v, "Speak")   ? TURN_INPUT
		       : type_is(v, "Flush") ? TURN_ASK
					     : TURN_SKIP;
	if (json_has(v, "binary"))
		return TURN_ANSWER;
	return type_is(v, "Metadata") || type_is(v, "Warning") ? TURN_SKIP : TURN_OVER;
}

static void speak_text(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "type", "text", NULL };

	if (json_has(v, "text"))
		message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT,
			     json_text(v, "text"));
	request_params(x, v, known);
}

static void speak_request(struct exchange *x, const json_t *body)
{
	const json_t *v;
	size_t i;

	speech_query(x);
	if (json_is_object(body))
		speak_text(x, body);
	json_array_foreach(body, i, v)
		speak_text(x, v);
}

static void speak_event(struct exchange *x, void *state, struct span name, const json_t *v)
{
	static const char *const known[] = { "type", "binary", "sequence_id", NULL };

	if (read_error(x, v))
		return;
	if (json_has(v, "binary"))
		speech_made(x, state, json_text(v, "binary"));
	answer_rest(x, 0, v, known);
}

static void speak_response(struct exchange *x, const json_t *body)
{
	read_error(x, body);
}

/* ---- read ---- */

static void read_response(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "metadata", NULL };

	if (read_error(x, body))
		return;
	read_envelope(x, json_object_get(body, "metadata"));
	answer_rest(x, 0, body, known);
}

static void read_event(struct exchange *x, void *state, struct span name, const json_t *v)
{
	read_response(x, v);
}

/* Others have such paths too. */
static bool suits_read(const json_t *body)
{
	return json_is_text(json_object_get(body, "text")) && json_object_size(body) == 1;
}

const struct dialect dialect_deepgram_listen = {
	.name = "deepgram.listen",
	.state_size = sizeof(int),
	.binary = true,
	.turn = listen_turn,
	.request = listen_request,
	.response = listen_response,
	.event = listen_event,
};

const struct dialect dialect_deepgram_speak = {
	.name = "deepgram.speak",
	.state_size = sizeof(struct speech_audio),
	.binary = true,
	.turn = speak_turn,
	.request = speak_request,
	.response = speak_response,
	.event = speak_event,
};

const struct dialect dialect_deepgram_read = {
	.name = "deepgram.read",
	.plausible_request = suits_read,
	.request = speak_request,
	.response = read_response,
	.event = read_event,
};
