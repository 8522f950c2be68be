/* SPDX-License-Identifier: MIT */
/* xAI's speech over WebSocket (docs.x.ai, Voice; read November 2026): to text, where audio is
 * binary and a session is one call, and from text, where one call is what is spoken up to
 * "text.done". The path's query holds the parameters. Over HTTP the forms are OpenAI's. */
#include "llm/dialect.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"
#include "llm/speech.h"

static bool type_is(const json_t *v, const char *type)
{
	return json_is(v, "type", type);
}

/* {"type": "error", "message"}, or as OpenAI tells it. */
static bool read_error(struct exchange *x, const json_t *v)
{
	if (!type_is(v, "error"))
		return false;
	if (!answer_error_of(x, v))
		answer_error(x, NULL, json_object_get(v, "code"), json_object_get(v, "message"));
	return true;
}

/* ---- to text ---- */

static enum turn_step stt_turn(bool from_client, const json_t *v)
{
	if (from_client)
		return json_has(v, "binary") ? TURN_INPUT : TURN_SKIP;
	if (type_is(v, "transcript.partial"))
		return json_text(v, "text").len ? TURN_ANSWER : TURN_SKIP;
	return type_is(v, "transcript.done") ? TURN_END
	       : type_is(v, "error")	     ? TURN_OVER
					     : TURN_SKIP;
}

static void stt_request(struct exchange *x, const json_t *body)
{
	struct speech_audio audio = { .begun = false };
	const json_t *v;
	size_t i;

	speech_query(x);
	json_array_foreach(body, i, v)
		speech_sent(x, &audio, json_text(v, "binary"));
}

static void stt_event(struct exchange *x, void *state, struct span name, const json_t *v)
{
	static const char *const known[] = { "type",  "text",	  "words",	  "is_final",
					     "start", "duration", "speech_final", NULL };
	bool done = type_is(v, "transcript.done");
	json_t *usage;

	if (read_error(x, v))
		return;
	/* The whole, in the end, repeats what was heard in stretches. */
	if (!done || !answer_choice(x, 0)->msg.nparts)
		speech_heard(x, state, json_text(v, "text"),
			     json_is_true(json_object_get(v, "is_final")));
	answer_rest(x, 0, v, known);
	if (!done || !json_has(v, "duration"))
		return;
	usage = json_pack("{s:O}", "duration", json_object_get(v, "duration"));
	usage_raw(x, usage);
	json_decref(usage);
}

/* ---- from text ---- */

static enum turn_step tts_turn(bool from_client, const json_t *v)
{
	if (from_client)
		return type_is(v, "text.delta")	 ? TURN_INPUT
		       : type_is(v, "text.done") ? TURN_ASK
						 : TURN_SKIP;
	return type_is(v, "audio.delta")  ? TURN_ANSWER
	       : type_is(v, "audio.done") ? TURN_END
	       : type_is(v, "error")	  ? TURN_OVER
					  : TURN_SKIP;
}

static void tts_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "type", "delta", NULL };
	struct message *m = request_message(x, SPAN_LIT("user"));
	struct part *p = message_text(x, m, PART_TEXT, span_of(NULL, 0));
	const json_t *v;
	size_t i;

	speech_query(x);
	json_array_foreach(body, i, v)
		if (type_is(v, "text.delta"))
			buf_add(&p->text, json_text(v, "delta"));
	json_array_foreach(body, i, v)
		request_params(x, v, known);
}

static void tts_event(struct exchange *x, void *state, struct span name, const json_t *v)
{
	static const char *const known[] = { "type", "delta", "trace_id", NULL };

	if (read_error(x, v))
		return;
	if (type_is(v, "audio.delta"))
		speech_made(x, state, json_text(v, "delta"));
	set_json(&x->response_id, json_object_get(v, "trace_id"));
	answer_rest(x, 0, v, known);
}

const struct dialect dialect_xai_stt = {
	.name = "xai.stt",
	.state_size = sizeof(int),
	.binary = true,
	.turn = stt_turn,
	.request = stt_request,
	.response = stt_request,
	.event = stt_event,
};

const struct dialect dialect_xai_tts = {
	.name = "xai.tts",
	.state_size = sizeof(struct speech_audio),
	.turn = tts_turn,
	.request = tts_request,
	.response = tts_request,
	.event = tts_event,
};
