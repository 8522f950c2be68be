/* SPDX-License-Identifier: MIT */
/* GenerateAssistantResponse of Kiro and Amazon Q Developer: as the service model of
 * github.com/aws/amazon-q-developer-cli, crates/amzn-codewhisperer-streaming-client, has it (read
 * November 2026). Answers are an event stream of AWS. */
#include "exchange/redact.h"
#include "llm/dialect.h"
#include "llm/dialects/bedrock.h"
#include "llm/json.h"
#include "llm/rest.h"

/* ---- request ---- */

static void read_result(struct exchange *x, struct message *m, const json_t *v)
{
	static const char *const known[] = { "toolUseId", "content", "status", NULL };
	struct part *p = message_part(x, m, PART_TOOL_RESULT);

	set_json(&p->id, json_object_get(v, "toolUseId"));
	part_json(p, json_lone_text(json_object_get(v, "content")));
	message_rest(x, m, v, known);
}

static void read_tool(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "name", "description", "inputSchema", NULL };
	const json_t *spec = json_object_get(v, "toolSpecification");
	static const char *const known_tool[] = { "toolSpecification", NULL };
	static const char *const known_schema[] = { "json", NULL };
	struct tool *t = request_function(x, spec, spec, "");

	if (!t->schema)
		t->schema = json_incref(json_at2(spec, "inputSchema", "json"));
	request_rest(x, "tools", v, known_tool);
	request_rest(x, "tools", spec, known);
	request_rest(x, "tools.inputSchema", json_object_get(spec, "inputSchema"), known_schema);
}

/* What stands beside a message: tools are those of the request. */
static void read_context(struct exchange *x, struct message *m, const json_t *context, bool current)
{
	static const char *const known[] = { "tools", "toolResults", NULL };
	const json_t *v;
	size_t i;

	json_each(json_object_get(context, "toolResults"), i, v)
		read_result(x, m, v);
	message_rest(x, m, context, known);
	json_each(json_object_get(context, "tools"), i, v)
		if (current)
			read_tool(x, v);
}

/* Longer than any media type. */
#define MEDIA_MAX 128

static void read_image(struct exchange *x, struct message *m, const json_t *v)
{
	struct part *p = message_part(x, m, PART_IMAGE);
	struct buf media;

	buf_init(&media, MEDIA_MAX);
	if (json_has(v, "format"))
		buf_adds(&media, "image/");
	buf_add(&media, json_text(v, "format"));
	part_base64(p, buf_span(&media), json_text(json_object_get(v, "source"), "bytes"));
	buf_done(&media);
}

static void read_user(struct exchange *x, const json_t *v, bool current)
{
	static const char *const known[] = {
		"content",    "modelId", "origin", "images", "userInputMessageContext",
		"userIntent", NULL
	};
	struct message *m = request_message(x, SPAN_LIT("user"));
	const json_t *item;
	size_t i;

	if (json_text(v, "content").len)
		message_text(x, m, PART_TEXT, json_text(v, "content"));
	json_each(json_object_get(v, "images"), i, item)
		read_image(x, m, item);
	read_context(x, m, json_object_get(v, "userInputMessageContext"), current);
	message_rest(x, m, v, known);
	if (current)
		set_json(&x->model_asked, json_object_get(v, "modelId"));
}

static void read_assistant(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "content", "toolUses", "messageId", NULL };
	static const char *const known_call[] = { "toolUseId", "name", "input", NULL };
	struct message *m = request_message(x, SPAN_LIT("assistant"));
	const json_t *item;
	struct part *p;
	size_t i;

	if (json_text(v, "content").len)
		message_text(x, m, PART_TEXT, json_text(v, "content"));
	json_each(json_object_get(v, "toolUses"), i, item) {
		p = message_part(x, m, PART_TOOL_CALL);
		set_json(&p->id, json_object_get(item, "toolUseId"));
		set_json(&p->name, json_object_get(item, "name"));
		part_json(p, json_object_get(item, "input"));
		message_rest(x, m, item, known_call);
	}
	message_rest(x, m, v, known);
}

static void read_turn(struct exchange *x, const json_t *v, bool current)
{
	static const char *const known[] = { "userInputMessage", "assistantResponseMessage", NULL };
	const json_t *user = json_object_get(v, "userInputMessage");
	const json_t *assistant = json_object_get(v, "assistantResponseMessage");

	if (user)
		read_user(x, user, current);
	if (assistant)
		read_assistant(x, assistant);
	request_rest(x, "conversationState", v, known);
}

static void kiro_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "conversationState", NULL };
	static const char *const known_state[] = { "currentMessage", "history", NULL };
	const json_t *state = json_object_get(body, "conversationState"), *v;
	size_t i;

	x->stream_requested = true;
	json_each(json_object_get(state, "history"), i, v)
		read_turn(x, v, false);
	read_turn(x, json_object_get(state, "currentMessage"), true);
	request_rest(x, "conversationState", state, known_state);
	request_params(x, body, known);
}

/* ---- answer ---- */

static void answer_call(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "toolUseId", "name", "input", "stop", NULL };
	const json_t *input = json_object_get(v, "input");
	struct part *p = answer_call_of(x, 0, json_text(v, "toolUseId"));

	if (!p) {
		p = answer_part(x, 0, PART_TOOL_CALL, -1);
		set_json(&p->id, json_object_get(v, "toolUseId"));
		set_json(&p->name, json_object_get(v, "name"));
	}
	if (json_is_object(input)) {
		redact_part_reset(p);
		part_json(p, input);
		answer_shown(x, 0, p);
	}
	answer_append(x, 0, p, json_span(input));
	answer_rest(x, 0, v, known);
}

/* Input tokens are counted apart from those of the cache. */
static void read_usage(struct exchange *x, const json_t *v)
{
	static const char *const ins[] = { "uncachedInputTokens", "cacheReadInputTokens",
					   "cacheWriteInputTokens" };
	struct usage *u = &x->usage;
	int64_t in = 0, n;

	if (!json_is_object(v))
		return;
	usage_raw(x, v);
	for (size_t i = 0; i < sizeof(ins) / sizeof(*ins); i++) {
		n = json_count(v, ins[i]);
		in += n == COUNT_UNKNOWN ? 0 : n;
	}
	if (json_has(v, ins[0]))
		u->input = in;
	usage_count(&u->output, json_object_get(v, "outputTokens"));
	usage_count(&u->total, json_object_get(v, "totalTokens"));
	usage_count(&u->cached_read, json_object_get(v, ins[1]));
	usage_count(&u->cache_write_5m, json_object_get(v, ins[2]));
}

static void read_other(struct exchange *x, struct span name, const json_t *data)
{
	static const char *const none[] = { NULL };
	json_t *event = json_object();

	json_object_setn(event, (const char *)name.ptr, name.len, (json_t *)data);
	answer_rest(x, 0, event, none);
	json_decref(event);
}

/* ---- events ---- */

static void event_text(struct exchange *x, const json_t *data)
{
	static const char *const known[] = { "content", "modelId", NULL };

	set_json(&x->model_answered, json_object_get(data, "modelId"));
	answer_text(x, 0, PART_TEXT, json_text(data, "content"));
	answer_rest(x, 0, data, known);
}

static void event_thought(struct exchange *x, const json_t *data)
{
	static const char *const known[] = { "text", "signature", NULL };

	answer_text(x, 0, PART_REASONING, json_text(data, "text"));
	answer_rest(x, 0, data, known);
}

static void event_counts(struct exchange *x, const json_t *data)
{
	static const char *const known[] = { "tokenUsage", NULL };

	read_usage(x, json_object_get(data, "tokenUsage"));
	answer_rest(x, 0, data, known);
}

/* The conversation is the request's. */
static void event_ids(struct exchange *x, const json_t *data)
{
	static const char *const known[] = { "conversationId", "utteranceId", NULL };

	set_json(&x->response_id, json_object_get(data, "utteranceId"));
	answer_rest(x, 0, data, known);
}

static void event_failure(struct exchange *x, const json_t *data)
{
	answer_error(x, json_object_get(data, "reason"), NULL, json_object_get(data, "message"));
}

static void kiro_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	static const struct {
		const char *name;
		void (*read)(struct exchange *x, const json_t *data);
	} events[] = {
		{ "assistantResponseEvent", event_text },
		{ "reasoningContentEvent", event_thought },
		{ "toolUseEvent", answer_call },
		{ "metadataEvent", event_counts },
		{ "messageMetadataEvent", event_ids },
		{ "invalidStateEvent", event_failure },
		{ "meteringEvent", usage_raw },
		{ "contextUsageEvent", usage_raw },
	};

	if (bedrock_exception(x, name, data))
		return;
	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++)
		if (span_eq(name, span_str(events[i].name))) {
			events[i].read(x, data);
			return;
		}
	read_other(x, name, data);
}

static void kiro_response(struct exchange *x, const json_t *body)
{
	bedrock_error(x, body);
}

static bool is_kiro_request(const json_t *body)
{
	return json_has(json_at2(body, "conversationState", "currentMessage"), "userInputMessage");
}

const struct dialect dialect_kiro = {
	.name = "kiro.generate",
	.proves_request = is_kiro_request,
	.request = kiro_request,
	.response = kiro_response,
	.event = kiro_event,
};
