/* SPDX-License-Identifier: MIT */
/* Deepgram's voice agent over WebSocket (developers.deepgram.com/reference/voice-agent, and its SDK
 * for Python 7; read November 2026). Settings name the model that thinks, its prompt and functions;
 * audio is binary in both directions, and what was heard and is said comes as text too. A call is
 * what the user says up to the end of the agent's answer, or what a function gave back. */
#include "llm/dialect.h"
#include "llm/json.h"
#include "llm/rest.h"
#include "llm/speech.h"

static bool type_is(const json_t *v, const char *type)
{
	return json_is(v, "type", type);
}

/* ---- turns ---- */

/* Functions that the client has to call: then its answer begins the next call. */
static bool asks_client(const json_t *v)
{
	const json_t *f;
	size_t i;

	json_each(json_object_get(v, "functions"), i, f)
		if (json_is_true(json_object_get(f, "client_side")))
			return true;
	return false;
}

static enum turn_step client_turn(const json_t *v)
{
	if (type_is(v, "Settings") || span_starts(json_text(v, "type"), SPAN_LIT("Update")))
		return TURN_STATE;
	if (type_is(v, "KeepAlive") || type_is(v, "ForceEndTurn"))
		return TURN_SKIP;
	/* What functions gave back comes in a message for each. */
	return TURN_INPUT;
}

static enum turn_step agent_turn(bool from_client, const json_t *v)
{
	static const struct {
		const char *type;
		enum turn_step step;
	} rows[] = {
		{ "ConversationText", TURN_ANSWER },
		{ "AgentThinking", TURN_ANSWER },
		{ "FunctionCallResponse", TURN_ANSWER },
		{ "AgentAudioDone", TURN_OVER },
		/* Whoever begins to speak ends what the agent says. */
		{ "UserStartedSpeaking", TURN_OVER },
		{ "Error", TURN_END },
		{ "Welcome", TURN_SKIP },
		{ "SettingsApplied", TURN_SKIP },
		{ "PromptUpdated", TURN_SKIP },
		{ "SpeakUpdated", TURN_SKIP },
		{ "ThinkUpdated", TURN_SKIP },
		{ "ThinkLiveUpdated", TURN_SKIP },
		{ "ListenUpdated", TURN_SKIP },
		/* Tells again what was said. */
		{ "History", TURN_SKIP },
	};

	if (from_client)
		return client_turn(v);
	if (json_has(v, "binary"))
		return TURN_ANSWER;
	if (type_is(v, "FunctionCallRequest"))
		return asks_client(v) ? TURN_PAUSE : TURN_ANSWER;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (type_is(v, rows[i].type))
			return rows[i].step;
	return TURN_REMARK;
}

/* ---- request ---- */

static void read_think(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "provider", "prompt", "functions", NULL };
	static const char *const inner[] = { "model", NULL };
	static const char *const function[] = { "name", "description", "parameters", NULL };
	const json_t *provider = json_object_get(v, "provider"), *f;
	size_t i;

	set_json(&x->model_asked, json_object_get(provider, "model"));
	if (json_text(v, "prompt").len)
		message_text(x, request_system(x), PART_TEXT, json_text(v, "prompt"));
	json_each(json_object_get(v, "functions"), i, f) {
		request_function(x, NULL, f, "parameters");
		request_rest(x, "tools", f, function);
	}
	request_rest(x, "think.provider", provider, inner);
	request_rest(x, "think", v, known);
}

/* A call of before, and what it gave back. */
static void read_called(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "id", "name", "arguments", "response", NULL };
	struct message *m = request_message(x, SPAN_LIT("assistant"));
	struct part *p = message_part(x, m, PART_TOOL_CALL);

	set_json(&p->id, json_object_get(v, "id"));
	set_json(&p->name, json_object_get(v, "name"));
	part_json(p, json_object_get(v, "arguments"));
	message_rest(x, m, v, known);
	if (!json_has(v, "response"))
		return;
	p = message_part(x, request_message(x, SPAN_LIT("tool")), PART_TOOL_RESULT);
	set_json(&p->id, json_object_get(v, "id"));
	set_json(&p->name, json_object_get(v, "name"));
	part_json(p, json_object_get(v, "response"));
}

static void read_history(struct exchange *x, const json_t *context)
{
	static const char *const known[] = { "messages", NULL };
	static const char *const inner[] = { "type", "role", "content", "function_calls", NULL };
	const json_t *v, *call;
	struct message *m;
	size_t i, k;

	json_each(json_object_get(context, "messages"), i, v) {
		m = json_has(v, "content") ? request_message(x, json_text(v, "role")) : NULL;
		if (m)
			message_text(x, m, PART_TEXT, json_text(v, "content"));
		json_each(json_object_get(v, "function_calls"), k, call)
			read_called(x, call);
		request_rest(x, "context.messages", v, inner);
	}
	request_rest(x, "context", context, known);
}

static void read_settings(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "type", "agent", NULL };
	static const char *const inner[] = { "think", "context", NULL };
	const json_t *agent = json_object_get(v, "agent"), *think;

	/* Of several the first is the one, the others are for when it fails. */
	think = json_object_get(agent, "think");
	if (json_is_array(think)) {
		request_param(x, "think", think);
		think = json_first(think);
	}
	read_think(x, think);
	read_history(x, json_object_get(agent, "context"));
	/* The id of one that is kept there. */
	if (json_is_text(agent))
		request_param(x, "agent", agent);
	request_rest(x, "agent", agent, inner);
	request_params(x, v, known);
}

static void read_result(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "type", "id", "name", "content", NULL };
	struct message *m = request_message(x, SPAN_LIT("tool"));
	struct part *p = message_part(x, m, PART_TOOL_RESULT);

	set_json(&p->id, json_object_get(v, "id"));
	set_json(&p->name, json_object_get(v, "name"));
	part_json(p, json_object_get(v, "content"));
	message_rest(x, m, v, known);
}

/* What the user wrote, or the agent is to say. */
static void read_injected(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "type", "content", "message", NULL };
	bool agent = type_is(v, "InjectAgentMessage");
	struct message *m = request_message(x, agent ? SPAN_LIT("assistant") : SPAN_LIT("user"));

	message_text(x, m, PART_TEXT, json_text(v, agent ? "message" : "content"));
	message_rest(x, m, v, known);
}

static void read_message(struct exchange *x, const json_t *v)
{
	static const char *const update[] = { "type", "think", NULL };
	static const char *const none[] = { NULL };

	if (type_is(v, "Settings")) {
		read_settings(x, v);
	} else if (type_is(v, "UpdateThink")) {
		read_think(x, json_first(json_object_get(v, "think")));
		request_params(x, v, update);
	} else if (type_is(v, "UpdatePrompt")) {
		message_text(x, request_system(x), PART_TEXT, json_text(v, "prompt"));
	} else if (type_is(v, "FunctionCallResponse")) {
		read_result(x, v);
	} else if (span_starts(json_text(v, "type"), SPAN_LIT("Inject"))) {
		read_injected(x, v);
	} else {
		request_rest(x, "message", v, none);
	}
}

static void agent_request(struct exchange *x, const json_t *body)
{
	struct speech_audio audio = { .begun = false };
	const json_t *v;
	size_t i;

	x->stream_requested = true;
	/* Sound is one part, and the last message when it is added to. */
	json_array_foreach(body, i, v)
		if (!json_has(v, "binary"))
			read_message(x, v);
	json_array_foreach(body, i, v)
		if (json_has(v, "binary"))
			speech_sent(x, &audio, json_text(v, "binary"));
}

/* ---- answer ---- */

static void heard(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "type", "role", "content", NULL };

	if (json_is(v, "role", "user"))
		message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT,
			     json_text(v, "content"));
	else
		answer_text(x, 0, PART_TEXT, json_text(v, "content"));
	answer_rest(x, 0, v, known);
}

static void called(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "type", "functions", NULL };
	static const char *const inner[] = { "id", "name", "arguments", "client_side", NULL };
	const json_t *f;
	struct part *p;
	size_t i;

	json_each(json_object_get(v, "functions"), i, f) {
		p = answer_part(x, 0, PART_TOOL_CALL, NO_SLOT);
		set_json(&p->id, json_object_get(f, "id"));
		set_json(&p->name, json_object_get(f, "name"));
		part_json(p, json_object_get(f, "arguments"));
		answer_shown(x, 0, p);
		answer_rest_of(x, 0, (int)i, json_text(f, "id"), f, inner);
	}
	if (asks_client(v))
		answer_finish(x, 0, json_text(v, "type"), FINISH_TOOL_CALL);
	answer_rest(x, 0, v, known);
}

/* Of a function that Deepgram called itself. */
static void gave_back(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "type", "id", "name", "content", NULL };
	struct part *p = answer_part(x, 0, PART_TOOL_RESULT, NO_SLOT);

	set_json(&p->id, json_object_get(v, "id"));
	set_json(&p->name, json_object_get(v, "name"));
	part_json(p, json_object_get(v, "content"));
	answer_shown(x, 0, p);
	answer_rest(x, 0, v, known);
}

static void agent_event(struct exchange *x, void *state, struct span name, const json_t *v)
{
	static const char *const known[] = { "type", "binary", NULL };
	static const char *const thought[] = { "type", "content", NULL };

	answer_choice(x, 0);
	if (json_has(v, "binary")) {
		speech_made(x, state, json_text(v, "binary"));
	} else if (type_is(v, "ConversationText")) {
		heard(x, v);
	} else if (type_is(v, "AgentThinking")) {
		answer_text(x, 0, PART_REASONING, json_text(v, "content"));
		answer_rest(x, 0, v, thought);
	} else if (type_is(v, "FunctionCallRequest")) {
		called(x, v);
	} else if (type_is(v, "FunctionCallResponse")) {
		gave_back(x, v);
	} else if (type_is(v, "Error")) {
		answer_error(x, NULL, json_object_get(v, "code"),
			     json_object_get(v, "description"));
	} else {
		if (type_is(v, "AgentAudioDone"))
			answer_finish(x, 0, json_text(v, "type"), FINISH_STOP);
		else if (type_is(v, "UserStartedSpeaking"))
			answer_finish(x, 0, json_text(v, "type"), FINISH_OTHER);
		answer_rest(x, 0, v, known);
	}
}

static bool is_settings(const json_t *v)
{
	return type_is(v, "Settings") && json_has(v, "agent") && json_has(v, "audio");
}

const struct dialect dialect_deepgram_agent = {
	.name = "deepgram.agent",
	.state_size = sizeof(struct speech_audio),
	.binary = true,
	.turn = agent_turn,
	.is_first = is_settings,
	.request = agent_request,
	.response = agent_request,
	.event = agent_event,
};
