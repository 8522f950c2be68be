/* SPDX-License-Identifier: MIT */
/* Amazon Bedrock's InvokeModel and InvokeModelWithResponseStream: docs.aws.amazon.com/bedrock/
 * latest/APIReference/API_runtime_InvokeModel.html and .../userguide/model-parameters.html (read
 * November 2026). Bodies are in the format of the model's maker. Their shape identifies the format,
 * because an id in the path may be an account's own. Elements of a stream are such bodies as
 * base64. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "llm/dialect.h"
#include "llm/dialects/bedrock.h"
#include "llm/json.h"

/* ---- makers ---- */

static const struct dialect *maker_of_request(const json_t *body)
{
	if (json_has(body, "anthropic_version"))
		return &dialect_anthropic;
	if (json_is(body, "schemaVersion", "messages-v1") ||
	    dialect_bedrock_converse.proves_request(body))
		return &dialect_bedrock_converse;
	if (json_is_array(json_object_get(body, "messages")))
		return &dialect_openai_chat;
	return NULL;
}

/* Whether an element of `choices` is a chat's, not a completion's. */
static bool is_chat_choice(const json_t *choice)
{
	return json_is_object(json_object_get(choice, "message")) ||
	       json_is_object(json_object_get(choice, "delta"));
}

/* The format of a whole answer or of one stream element; NULL: a one-prompt model's, or unknown. */
static const struct dialect *maker_of_answer(const json_t *body)
{
	struct span type = json_text(body, "type");

	if (span_eq(type, SPAN_LIT("message")) || span_starts(type, SPAN_LIT("message_")) ||
	    span_starts(type, SPAN_LIT("content_block_")) || span_eq(type, SPAN_LIT("error")))
		return &dialect_anthropic;
	if (dialect_bedrock_converse.proves_response(body))
		return &dialect_bedrock_converse;
	if (dialect_openai_completions.proves_response(body))
		return &dialect_openai_completions;
	if (is_chat_choice(json_array_get(json_object_get(body, "choices"), 0)) ||
	    dialect_openai_chat.proves_response(body))
		return &dialect_openai_chat;
	return NULL;
}

/* Mistral's models use another name than others with this format. */
static void read_chat_stops(struct exchange *x, const json_t *body)
{
	static const struct finish_row finishes[] = {
		{ "stop", FINISH_STOP },
		{ "length", FINISH_LENGTH },
		{ "tool_calls", FINISH_TOOL_CALL },
	};
	const json_t *v;
	size_t i;

	json_each(json_object_get(body, "choices"), i, v) {
		struct span raw = json_text(v, "stop_reason");
		enum finish f = finish_of(raw, finishes, sizeof(finishes) / sizeof(*finishes));

		if (raw.len && !json_has(v, "finish_reason"))
			answer_finish(x, (unsigned)json_index(v, "index", 0), raw, f);
	}
}

/* ---- whole bodies ---- */

static void invoke_request(struct exchange *x, const json_t *body)
{
	const struct dialect *maker = maker_of_request(body);

	if (maker == &dialect_bedrock_converse)
		bedrock_conversation(x, body);
	else if (maker)
		maker->request(x, body);
	else
		bedrock_prompt_request(x, body);
	bedrock_stream_asked(x);
}

static void invoke_response(struct exchange *x, const json_t *body)
{
	const struct dialect *maker = maker_of_answer(body);

	if (bedrock_error(x, body))
		return;
	if (maker)
		maker->response(x, body);
	else
		bedrock_prompt_answer(x, body);
	if (maker == &dialect_openai_chat)
		read_chat_stops(x, body);
	bedrock_header_counts(x);
}

/* ---- stream ---- */

struct invoke_state {
	const struct dialect *maker; /* set once an element showed it */
	void *maker_state;
};

static void invoke_state_done(void *state)
{
	struct invoke_state *s = state;

	if (s->maker_state && s->maker->state_done)
		s->maker->state_done(s->maker_state);
	free(s->maker_state);
}

static void find_maker(struct invoke_state *s, const json_t *v)
{
	if (s->maker)
		return;
	s->maker = maker_of_answer(v);
	if (s->maker && s->maker->state_size)
		s->maker_state = xcalloc(1, s->maker->state_size);
}

static void read_element(struct exchange *x, struct invoke_state *s, const json_t *v)
{
	const json_t *choice = json_array_get(json_object_get(v, "choices"), 0);

	find_maker(s, v);
	if (!s->maker) {
		bedrock_prompt_answer(x, v);
		return;
	}
	/* Mistral's models send pieces under the name that other models use for a whole message. */
	if (s->maker == &dialect_openai_chat && json_has(choice, "message") &&
	    !json_has(choice, "delta"))
		s->maker->response(x, v);
	else
		s->maker->event(x, s->maker_state, json_text(v, "type"), v);
	if (s->maker == &dialect_openai_chat)
		read_chat_stops(x, v);
}

static void invoke_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	const json_t *bytes = json_object_get(data, "bytes");
	bool whole = true;
	json_t *v;

	if (bedrock_exception(x, name, data))
		return;
	/* Without it, an intermediary has decoded the base64. */
	v = bytes ? bedrock_unpack(builder_limits(x), bytes, builder_text_max(x), &whole)
		  : json_incref((json_t *)data);
	x->response_partial |= !whole;
	if (v) {
		read_element(x, state, v);
		bedrock_counts(x, json_object_get(v, "amazon-bedrock-invocationMetrics"));
	}
	json_decref(v);
}

static void invoke_ended(struct exchange *x, void *state)
{
	struct invoke_state *s = state;

	if (s->maker && s->maker->ended)
		s->maker->ended(x, s->maker_state);
}

/* ---- shapes ---- */

/* Only shapes that no other dialect has: elsewhere, Claude's messages belong to their own
 * dialect. */
static bool is_invoke_request(const json_t *body)
{
	return span_starts(json_text(body, "anthropic_version"), SPAN_LIT("bedrock-")) ||
	       (json_has(body, "inputText") && json_has(body, "textGenerationConfig")) ||
	       (json_has(body, "prompt") && json_has(body, "max_gen_len"));
}

static bool is_invoke_response(const json_t *body)
{
	/* Stream elements are shorter than this; a longer one proves nothing. */
	const size_t enough = 1 << 20;
	bool known, whole;
	json_t *v;

	if (json_has(body, "amazon-bedrock-invocationMetrics") ||
	    (json_has(body, "generation") && json_has(body, "generation_token_count")) ||
	    (json_has(body, "outputText") && json_has(body, "completionReason")))
		return true;
	if (!json_is_text(json_object_get(body, "bytes")))
		return false;
	/* Agents and others send bytes too, so their content must match. */
	v = bedrock_unpack(NULL, json_object_get(body, "bytes"), enough, &whole);
	known = maker_of_answer(v) || (!json_has(v, "bytes") && is_invoke_response(v));
	json_decref(v);
	return known;
}

const struct dialect dialect_bedrock_invoke = {
	.name = "bedrock.invoke",
	.shares_bodies = true,
	.state_size = sizeof(struct invoke_state),
	.state_done = invoke_state_done,
	.proves_request = is_invoke_request,
	.proves_response = is_invoke_response,
	.request = invoke_request,
	.response = invoke_response,
	.event = invoke_event,
	.ended = invoke_ended,
};
