/* SPDX-License-Identifier: MIT */
/* Gemini Live over WebSocket: ai.google.dev/api/live (read November 2026). Messages have no type:
 * the name of their only member is their kind, in camelCase or snake_case. */
#include "llm/dialect.h"
#include "llm/dialects/gemini.h"
#include "llm/dialects/gemini_partial.h"
#include "llm/json.h"
#include "llm/rest.h"

/* More than a turn of any program has. */
#define CONTENTS_MAX (16 << 10)

struct live {
	struct sha256_ctx audio; /* of the answer */
	bool begun;
	struct gemini_partial partial;
	size_t heard; /* the message, from 1, with the text of what the user said; 0: none */
};

/* Whether a message of the server has output, or what was heard. */
static bool says_something(const json_t *content)
{
	return json_either(content, "modelTurn", "model_turn") ||
	       json_either(content, "outputTranscription", "output_transcription") ||
	       json_either(content, "inputTranscription", "input_transcription") ||
	       json_has(content, "interrupted");
}

static bool ends_turn(const json_t *content)
{
	return json_is_true(json_either(content, "turnComplete", "turn_complete"));
}

static enum turn_step live_turn(bool from_client, const json_t *v)
{
	const json_t *content = json_either(v, from_client ? "clientContent" : "serverContent",
					    from_client ? "client_content" : "server_content");

	if (from_client) {
		if (json_has(v, "setup"))
			return TURN_STATE;
		if (content)
			return ends_turn(content) ? TURN_ASK : TURN_INPUT;
		if (json_either(v, "toolResponse", "tool_response"))
			return TURN_ASK;
		return json_either(v, "realtimeInput", "realtime_input") ? TURN_INPUT : TURN_SKIP;
	}
	if (content && !says_something(content))
		return ends_turn(content) ? TURN_CLOSE : TURN_NOTE;
	if (content)
		return ends_turn(content) ? TURN_END : TURN_ANSWER;
	/* The client sends the tool's result, and the model continues in another exchange. The end
	 * of this one may be told afterwards. */
	return json_either(v, "toolCall", "tool_call") ? TURN_PAUSE : TURN_SKIP;
}

/* ---- request ---- */

/* Called contents in the other dialect. */
static void add_contents(json_t *contents, const json_t *v)
{
	const json_t *content = json_either(v, "clientContent", "client_content"), *turn, *result;
	const json_t *results = json_either(json_either(v, "toolResponse", "tool_response"),
					    "functionResponses", "function_responses");
	size_t i;

	json_each(json_object_get(content, "turns"), i, turn)
		json_array_append(contents, (json_t *)turn);
	/* Each becomes three values more, which no ceiling counts. */
	json_each(results, i, result) {
		if (json_array_size(contents) >= CONTENTS_MAX)
			return;
		json_array_append_new(contents, json_pack("{s:s, s:[{s:O}]}", "role", "tool",
							  "parts", "functionResponse", result));
	}
}

static struct span media_of(const json_t *v)
{
	return json_span(json_either(v, "mimeType", "mime_type"));
}

static bool is_picture(const json_t *v)
{
	return span_starts(media_of(v), SPAN_LIT("image/")) ||
	       span_starts(media_of(v), SPAN_LIT("video/"));
}

/* A picture of a camera or a screen. */
static void read_picture(struct exchange *x, const json_t *v)
{
	struct message *m = request_message(x, SPAN_LIT("user"));
	bool image = span_starts(media_of(v), SPAN_LIT("image/"));

	part_base64(message_part(x, m, image ? PART_IMAGE : PART_FILE), media_of(v),
		    json_text(v, "data"));
}

/* Number of the message, from 1, with what is heard; 0: none. */
static void read_speech(struct exchange *x, struct sha256_ctx *sha, size_t *speech, const json_t *v)
{
	struct message *m;

	if (!*speech) {
		sha256_init(sha);
		m = request_message(x, SPAN_LIT("user"));
		set_string(&message_part(x, m, PART_AUDIO)->media_type, media_of(v));
		*speech = x->nmessages;
	}
	part_base64_more(&x->messages[*speech - 1].parts[0], sha, json_text(v, "data"));
}

/* Streamed speech: one part for any number of messages. */
static void read_input(struct exchange *x, struct sha256_ctx *sha, size_t *speech, const json_t *v)
{
	const json_t *input = json_either(v, "realtimeInput", "realtime_input"), *chunk;
	const json_t *chunks = json_either(input, "mediaChunks", "media_chunks");
	const json_t *audio = json_object_get(input, "audio"), *video;
	size_t i;

	if (!input)
		return;
	if (json_has(input, "text"))
		message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT,
			     json_text(input, "text"));
	video = json_object_get(input, "video");
	if (video)
		read_picture(x, video);
	if (audio)
		read_speech(x, sha, speech, audio);
	json_each(chunks, i, chunk)
		if (is_picture(chunk))
			read_picture(x, chunk);
		else
			read_speech(x, sha, speech, chunk);
}

static void message_members(struct exchange *x, const json_t *v)
{
	static const char *const known[] = {
		"setup",
		"clientContent",
		"client_content",
		"toolResponse",
		"tool_response",
		"realtimeInput",
		"realtime_input",
		"turns",
		"turnComplete",
		"turn_complete",
		"functionResponses",
		"function_responses",
		"text",
		"audio",
		"video",
		"mediaChunks",
		"media_chunks",
		"activityStart",
		"activityEnd",
		"audioStreamEnd",
		NULL,
	};

	request_rest(x, "message", v, known);
	request_rest(x, "clientContent", json_either(v, "clientContent", "client_content"), known);
	request_rest(x, "toolResponse", json_either(v, "toolResponse", "tool_response"), known);
	request_rest(x, "realtimeInput", json_either(v, "realtimeInput", "realtime_input"), known);
}

static void live_request(struct exchange *x, const json_t *messages)
{
	json_t *contents = json_array(), *body;
	struct sha256_ctx sha;
	const json_t *v;
	size_t i, speech = 0;

	body = json_copy(json_object_get(json_array_get(messages, 0), "setup"));
	if (!body)
		body = json_object();
	json_each(messages, i, v) {
		add_contents(contents, v);
		message_members(x, v);
		read_input(x, &sha, &speech, v);
	}
	x->request_partial |= json_array_size(contents) >= CONTENTS_MAX;
	json_object_set_new(body, "contents", contents);
	dialect_gemini.request(x, body);
	json_decref(body);
	x->stream_requested = true;
}

/* ---- answer ---- */

static void read_part(struct exchange *x, struct live *l, const json_t *part)
{
	const json_t *data = json_either(part, "inlineData", "inline_data");
	struct part *p;

	if (!data || is_picture(data)) {
		gemini_answer_part(x, &l->partial, 0, part);
		return;
	}
	p = answer_part(x, 0, PART_AUDIO, 0);
	if (!l->begun)
		sha256_init(&l->audio);
	l->begun = true;
	set_string(&p->media_type, media_of(data));
	part_base64_more(p, &l->audio, json_text(data, "data"));
}

/* What the user said comes in fragments, after the request was shown. */
static void hear(struct exchange *x, struct live *l, struct span text)
{
	struct message *m;

	if (!text.len)
		return;
	if (!l->heard) {
		message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT, text);
		l->heard = x->nmessages;
		return;
	}
	m = &x->messages[l->heard - 1];
	if (m->nparts)
		buf_add(&m->parts[m->nparts - 1].text, text);
	/* What is added has to be masked as well. */
	if (x->clean.messages > l->heard - 1)
		x->clean.messages = l->heard - 1;
}

/* What is not known of a message of the server, and of what is in it. */
static void live_rest(struct exchange *x, const json_t *data, const json_t *content,
		      const json_t *turn)
{
	static const char *const known[] = {
		"serverContent",
		"server_content",
		"toolCall",
		"tool_call",
		"usageMetadata",
		"usage_metadata",
		"setupComplete",
		"setup_complete",
		"sessionResumptionUpdate",
		"session_resumption_update",
		"modelTurn",
		"model_turn",
		"turnComplete",
		"turn_complete",
		"generationComplete",
		"generation_complete",
		"interrupted",
		"inputTranscription",
		"input_transcription",
		"outputTranscription",
		"output_transcription",
		"role",
		"parts",
		"functionCalls",
		"function_calls",
		"waitingForInput",
		"groundingMetadata",
		"grounding_metadata",
		"urlContextMetadata",
		"url_context_metadata",
		NULL,
	};

	answer_rest(x, 0, data, known);
	answer_rest(x, 0, content, known);
	answer_rest(x, 0, turn, known);
	answer_rest(x, 0, json_either(data, "toolCall", "tool_call"), known);
}

static void live_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	const json_t *content = json_either(data, "serverContent", "server_content"), *item;
	const json_t *calls = json_either(json_either(data, "toolCall", "tool_call"),
					  "functionCalls", "function_calls");
	const json_t *turn = json_either(content, "modelTurn", "model_turn");
	struct live *l = state;
	size_t i;

	gemini_usage(x, json_either(data, "usageMetadata", "usage_metadata"));
	gemini_sources(x, 0, content);
	answer_choice(x, 0);
	json_each(json_object_get(turn, "parts"), i, item)
		read_part(x, state, item);
	answer_text(x, 0, PART_TEXT,
		    json_text(json_either(content, "outputTranscription", "output_transcription"),
			      "text"));
	item = json_either(content, "inputTranscription", "input_transcription");
	hear(x, state, json_text(item, "text"));
	json_each(calls, i, item) {
		json_t *part = json_pack("{s:O}", "functionCall", item);

		gemini_answer_part(x, &l->partial, 0, part);
		json_decref(part);
	}
	live_rest(x, data, content, turn);
	if (json_holds(calls))
		answer_finish(x, 0, SPAN_LIT("toolCall"), FINISH_TOOL_CALL);
	else if (json_is_true(json_object_get(content, "interrupted")))
		answer_finish(x, 0, SPAN_LIT("interrupted"), FINISH_OTHER);
	else if (ends_turn(content) && !answer_choice(x, 0)->finish_raw)
		answer_finish(x, 0, SPAN_LIT("turnComplete"), FINISH_STOP);
}

static void state_done(void *state)
{
	struct live *l = state;

	gemini_partial_done(&l->partial);
}

static bool is_live_first(const json_t *v)
{
	return json_object_size(v) == 1 && json_has(json_object_get(v, "setup"), "model");
}

const struct dialect dialect_gemini_live = {
	.name = "gemini.live",
	.state_size = sizeof(struct live),
	.state_done = state_done,
	.turn = live_turn,
	.is_first = is_live_first,
	.request = live_request,
	.response = live_request,
	.event = live_event,
};
