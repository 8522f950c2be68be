/* SPDX-License-Identifier: MIT */
/* Amazon Bedrock's Converse and ConverseStream, and CountTokens: docs.aws.amazon.com/bedrock/
 * latest/APIReference/API_runtime_Converse.html (read November 2026). Content blocks have no type:
 * it is the name of their only member. The model is in the path, the request's id in a header. */
#include "base/xalloc.h"
#include "json/write.h"
#include "llm/dialect.h"
#include "llm/dialects/bedrock.h"
#include "llm/dialects/bedrock_blocks.h"
#include "llm/json.h"
#include "llm/pieces.h"
#include "llm/rest.h"

static const struct finish_row finishes[] = {
	{ "end_turn", FINISH_STOP },
	{ "stop_sequence", FINISH_STOP },
	{ "max_tokens", FINISH_LENGTH },
	{ "model_context_window_exceeded", FINISH_LENGTH },
	{ "tool_use", FINISH_TOOL_CALL },
	{ "guardrail_intervened", FINISH_CONTENT_FILTER },
	{ "content_filtered", FINISH_CONTENT_FILTER },
	{ "malformed_model_output", FINISH_ERROR },
	{ "malformed_tool_use", FINISH_ERROR },
};

/* ---- request ---- */

static const char *const message_members[] = { "role", "content", NULL };

static void read_content(struct exchange *x, struct message *m, const json_t *content)
{
	const json_t *v;
	size_t i;

	if (json_is_text(content))
		message_text(x, m, PART_TEXT, json_span(content));
	json_each(content, i, v) {
		struct block b = converse_block(v);
		struct part *p = message_part(x, m, b.kind);

		converse_set_block(p, &b);
		converse_add_text(p, &b);
		if (b.kind == PART_TOOL_RESULT)
			converse_result(x, m, &b);
		if (json_has(b.v, "context"))
			message_text(x, m, PART_TEXT, json_text(b.v, "context"));
		converse_block_rest(x, m, v);
	}
}

static void read_tool(struct exchange *x, const char *type, const json_t *v)
{
	static const char *const known[] = { "name", "description", "inputSchema", "strict", NULL };
	static const char *const schema[] = { "json", NULL };
	struct tool *t = request_function(x, NULL, v, NULL);

	set_string(&t->type, span_str(type));
	t->schema = json_incref(json_at2(v, "inputSchema", "json"));
	request_rest(x, "tools", v, known);
	request_rest(x, "tools", json_object_get(v, "inputSchema"), schema);
}

static void read_tools(struct exchange *x, const json_t *config)
{
	static const char *const known[] = { "tools", NULL };
	static const char *const specs[] = { "toolSpec", "systemTool", NULL };
	const json_t *v;
	size_t i;

	json_each(json_object_get(config, "tools"), i, v) {
		if (json_has(v, "toolSpec"))
			read_tool(x, "toolSpec", json_object_get(v, "toolSpec"));
		else if (json_has(v, "systemTool"))
			read_tool(x, "systemTool", json_object_get(v, "systemTool"));
		else
			request_param(x, "tool", v); /* a cachePoint among them */
		if (json_has(v, "toolSpec") || json_has(v, "systemTool"))
			request_rest(x, "tools", v, specs);
	}
	request_params(x, config, known);
}

void bedrock_conversation(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "model",	   "messages",	      "system",
					     "toolConfig", "inferenceConfig", NULL };
	static const char *const none[] = { NULL };
	const json_t *v;
	size_t i;

	/* Added by gateways, not by Amazon. */
	set_json(&x->model_asked, json_object_get(body, "model"));
	if (json_has(body, "system"))
		read_content(x, request_system(x), json_object_get(body, "system"));
	json_each(json_object_get(body, "messages"), i, v) {
		struct message *m = request_message(x, json_text(v, "role"));

		read_content(x, m, json_object_get(v, "content"));
		message_rest(x, m, v, message_members);
	}
	read_tools(x, json_object_get(body, "toolConfig"));
	request_params(x, json_object_get(body, "inferenceConfig"), none);
	request_params(x, body, known);
}

/* The request whose tokens are counted: a Converse body, or an InvokeModel body as base64. */
static void read_counted(struct exchange *x, const json_t *input)
{
	const json_t *base64 = json_at2(input, "invokeModel", "body");
	bool whole = true;
	json_t *body;

	if (json_has(input, "converse"))
		bedrock_conversation(x, json_object_get(input, "converse"));
	if (!base64)
		return;
	body = bedrock_unpack(builder_limits(x), base64, builder_text_max(x), &whole);
	x->request_partial |= !whole;
	if (body)
		dialect_bedrock_invoke.request(x, body);
	json_decref(body);
}

static void converse_request(struct exchange *x, const json_t *body)
{
	if (json_has(body, "input") && !json_has(body, "messages"))
		read_counted(x, json_object_get(body, "input"));
	else
		bedrock_conversation(x, body);
	bedrock_stream_asked(x);
}

/* ---- answer ---- */

static void read_stop(struct exchange *x, const json_t *v)
{
	struct span raw = json_text(v, "stopReason");

	if (raw.len)
		answer_finish(x, 0, raw,
			      finish_of(raw, finishes, sizeof(finishes) / sizeof(*finishes)));
}

static void read_role(struct exchange *x, const json_t *message)
{
	set_json(&answer_choice(x, 0)->msg.role, json_object_get(message, "role"));
}

static void answer_block(struct exchange *x, int slot, const json_t *v)
{
	struct block b = converse_block(v);
	struct part *p = answer_part(x, 0, b.kind, slot);
	struct part text = { .kind = b.kind };
	struct message *m = &answer_choice(x, 0)->msg;

	/* Built separately, so that it is reported as it is appended. */
	buf_init(&text.text, builder_text_max(x));
	converse_set_block(p, &b);
	converse_add_text(&text, &b);
	answer_append(x, 0, p, buf_span(&text.text));
	p->text.full |= text.text.full;
	buf_done(&text.text);
	if (b.kind == PART_TOOL_RESULT && p == &m->parts[m->nparts - 1])
		converse_result(x, m, &b);
	converse_block_rest(x, NULL, v);
}

/* Of answers, and of all events of a stream. */
static const char *const answer_members[] = {
	"output", "stopReason", "usage", "metrics",   "contentBlockIndex", "delta",
	"start",  "role",	"p",	 "latencyMs", "message",	   NULL
};

static void converse_response(struct exchange *x, const json_t *body)
{
	const json_t *message = json_at2(body, "output", "message"), *v;
	size_t i;

	if (bedrock_error(x, body))
		return;
	if (message)
		read_role(x, message);
	answer_text(x, 0, PART_TEXT, json_text(message, "content")); /* of a gateway */
	json_each(json_object_get(message, "content"), i, v)
		answer_block(x, (int)i, v);
	read_stop(x, body);
	bedrock_usage(x, json_object_get(body, "usage"));
	set_json(&x->service_tier, json_at2(body, "serviceTier", "type"));
	answer_rest(x, 0, json_object_get(body, "output"), answer_members);
	answer_rest(x, 0, message, message_members);
	answer_rest(x, 0, json_object_get(body, "metrics"), answer_members);
	answer_rest(x, 0, body, answer_members);
}

/* ---- stream ---- */

struct stream {
	bool begun, over, counted;
	struct pieces_set closed; /* blocks */
	struct sha256_ctx data;	  /* of the picture in block `seen` */
	int seen;
	bool looking;
	int next; /* block */
};

static int slot_of(const json_t *data)
{
	return json_index(data, "contentBlockIndex", 0);
}

static void on_message_start(struct exchange *x, struct stream *s, const json_t *data)
{
	pieces_expect(x, !answer_choice(x, 0)->msg.nparts);
	*s = (struct stream){ .begun = true };
	answer_restart(x, 0);
	read_role(x, data);
}

/* Only blocks that are more than text are announced. */
static void on_block_start(struct exchange *x, struct stream *s, const json_t *data)
{
	const json_t *start = json_object_get(data, "start");
	struct block b = converse_block(start);
	struct part *p;

	pieces_next(x, &s->next, slot_of(data));
	pieces_put(&s->closed, slot_of(data), false);
	if (b.kind == PART_IMAGE)
		converse_set_block(answer_part(x, 0, b.kind, slot_of(data)), &b);
	if (b.kind != PART_TOOL_CALL && b.kind != PART_TOOL_RESULT) {
		converse_block_rest(x, NULL, start);
		return;
	}
	p = answer_part(x, 0, b.kind, slot_of(data));
	converse_set_block(p, &b);
	answer_append(x, 0, p, span_of(NULL, 0));
	converse_block_rest(x, NULL, start);
}

static void add_piece(struct exchange *x, enum part_kind kind, int slot, const json_t *v)
{
	AUTO_FREE char *other = NULL;
	struct span text;

	if (!v || json_is_null(v))
		return;
	other = json_is_text(v) ? NULL : json_write_text(v);
	text = other ? span_str(other) : json_span(v);
	if (text.len) {
		/* Of a call or a result nobody knows whose it is unless it was announced. */
		pieces_expect(x, kind == PART_TEXT || kind == PART_REASONING ||
					 answer_find(x, 0, kind, slot));
		answer_append(x, 0, answer_part(x, 0, kind, slot), text);
	}
}

/* Its pieces are base64 each. */
static void add_data(struct exchange *x, struct stream *s, enum part_kind kind, int slot,
		     const char *word, const json_t *base64)
{
	struct part *p;

	if (!json_is_text(base64))
		return;
	p = answer_part(x, 0, kind, slot);
	set_string(&p->type_raw, span_str(word));
	if (!s->looking || s->seen != slot)
		sha256_init(&s->data);
	s->looking = true;
	s->seen = slot;
	part_base64_more(p, &s->data, json_span(base64));
}

/* Nova's InvokeModel numbers each piece of a text as a block of its own: it goes on with the one
 * before. */
static int text_slot(struct exchange *x, int slot)
{
	const struct message *m = &answer_choice(x, 0)->msg;
	const struct part *last = m->nparts ? &m->parts[m->nparts - 1] : NULL;
	bool joins = last && last->kind == PART_TEXT && last->slot >= 0 && last->slot < slot;

	return joins && x->api && strcmp(x->api, "bedrock.invoke") == 0 ? last->slot : slot;
}

static void delta_rest(struct exchange *x, const json_t *delta)
{
	static const char *const known[] = {
		"text",	    "reasoningContent", "toolUse",	   "toolResult", "image",
		"citation", "signature",	"redactedContent", "input",	 "json",
		"type",	    "source",		"format",	   NULL
	};
	const char *key;
	json_t *v;

	answer_rest(x, 0, delta, known);
	json_object_foreach((json_t *)delta, key, v)
		if (strcmp(key, "citation") != 0)
			answer_rest(x, 0, v, known);
	if (json_has(delta, "citation"))
		converse_citation(x, json_object_get(delta, "citation"));
}

/* Signatures are no output. */
static void on_delta(struct exchange *x, struct stream *s, const json_t *data)
{
	const json_t *delta = json_object_get(data, "delta"), *v;
	const json_t *reasoning = json_object_get(delta, "reasoningContent");
	int slot = slot_of(data);
	size_t i;

	pieces_expect(x, !pieces_in(&s->closed, slot));
	if (!answer_has(x, 0, slot))
		pieces_next(x, &s->next, slot);
	add_piece(x, PART_TEXT, text_slot(x, slot), json_object_get(delta, "text"));
	add_piece(x, PART_REASONING, slot, json_object_get(reasoning, "text"));
	add_piece(x, PART_TOOL_CALL, slot, json_at2(delta, "toolUse", "input"));
	json_each(json_object_get(delta, "toolResult"), i, v) {
		add_piece(x, PART_TOOL_RESULT, slot, json_object_get(v, "text"));
		add_piece(x, PART_TOOL_RESULT, slot, json_object_get(v, "json"));
	}
	add_data(x, s, PART_OTHER, slot, "redactedContent",
		 json_object_get(reasoning, "redactedContent"));
	add_data(x, s, PART_IMAGE, slot, NULL,
		 json_at2(json_object_get(delta, "image"), "source", "bytes"));
	delta_rest(x, delta);
}

/* A call without input may send no piece of it. */
static void on_block_stop(struct exchange *x, struct stream *s, const json_t *data)
{
	struct part *p = answer_find(x, 0, PART_TOOL_CALL, slot_of(data));

	pieces_put(&s->closed, slot_of(data), true);

	if (p && !p->text.len && !p->taken)
		buf_adds(&p->text, "{}");
}

static void on_message_stop(struct exchange *x, struct stream *s, const json_t *data)
{
	s->over = true;
	read_stop(x, data);
}

static void on_metadata(struct exchange *x, struct stream *s, const json_t *data)
{
	s->counted = true;
	bedrock_usage(x, json_object_get(data, "usage"));
	set_json(&x->service_tier, json_at2(data, "serviceTier", "type"));
}

static const struct {
	const char *name;
	void (*read)(struct exchange *x, struct stream *s, const json_t *data);
} events[] = {
	{ "messageStart", on_message_start }, { "contentBlockStart", on_block_start },
	{ "contentBlockDelta", on_delta },    { "contentBlockStop", on_block_stop },
	{ "messageStop", on_message_stop },   { "metadata", on_metadata },
};
#define EVENTS (sizeof(events) / sizeof(*events))

static void converse_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	if (bedrock_exception(x, name, data))
		return;
	for (size_t i = 0; i < EVENTS; i++) {
		/* If the frame does not name the event, its only member does: so in Nova through
		 * InvokeModel, and in programs that store what an SDK returned. */
		const json_t *inner = json_object_get(data, events[i].name);

		if (!span_eq(name, span_str(events[i].name)) && !json_is_object(inner))
			continue;
		if (span_eq(name, span_str(events[i].name)))
			inner = data;
		events[i].read(x, state, inner);
		answer_rest(x, 0, inner, answer_members);
		answer_rest(x, 0, json_object_get(inner, "metrics"), answer_members);
	}
}

static void converse_ended(struct exchange *x, void *state)
{
	const struct stream *s = state;

	/* What comes before and behind the message comes with both or neither. */
	pieces_expect(x, s->over && s->counted >= s->begun);
	pieces_expect_calls(x);
}

/* ---- shapes ---- */

static bool is_converse_request(const json_t *body)
{
	const json_t *message, *block;

	json_next(json_object_get(body, "messages"), 0, &message);
	json_next(json_object_get(message, "content"), 0, &block);

	return json_is_text(json_object_get(message, "role")) && !json_has(block, "type") &&
	       converse_is_block(block);
}

static bool is_converse_response(const json_t *body)
{
	const json_t *content = json_object_get(json_at2(body, "output", "message"), "content");

	if (json_is_array(content) || json_is_object(content) ||
	    (json_has(body, "contentBlockIndex") && json_is_object(json_object_get(body, "delta"))))
		return true;
	for (size_t i = 0; i < EVENTS; i++)
		if (strcmp(events[i].name, "metadata") != 0 &&
		    json_is_object(json_object_get(body, events[i].name)))
			return true;
	return false;
}

const struct dialect dialect_bedrock_converse = {
	.name = "bedrock.converse",
	.proves_request = is_converse_request,
	.proves_response = is_converse_response,
	.request = converse_request,
	.response = converse_response,
	.event = converse_event,
	.ended = converse_ended,
	.state_size = sizeof(struct stream),
};

/* ---- CountTokens ---- */

static void count_response(struct exchange *x, const json_t *body)
{
	if (bedrock_error(x, body))
		return;
	usage_raw(x, body);
	usage_count(&x->counted, json_object_get(body, "inputTokens"));
}

/* It does not stream. */
static void no_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	bedrock_exception(x, name, data);
}

const struct dialect dialect_bedrock_count = {
	.name = "bedrock.count",
	.request = converse_request,
	.response = count_response,
	.event = no_event,
};
