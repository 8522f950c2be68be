/* SPDX-License-Identifier: MIT */
/* Amazon Bedrock's Converse and ConverseStream, and CountTokens: docs.aws.amazon.com/bedrock/
 * latest/APIReference/API_runtime_Converse.html (read November 2026). Content blocks have no type:
 * it is the name of their only member. The model is in the path, the request's id in a header. */
#include "llm/dialect.h"
#include "llm/dialects/bedrock.h"
#include "llm/json.h"

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

/* ---- blocks ---- */

struct block {
	enum part_kind kind;
	const char *word;  /* the part's type_raw; NULL: kind is specific enough */
	const char *media; /* family of its media type; NULL: it has none */
	const json_t *v;   /* content of the block's member */
	bool is_data;	   /* v is base64, to be digested and not shown */
};

static const struct {
	const char *member;
	enum part_kind kind;
	bool has_word;
	const char *media;
} rows[] = {
	{ .member = "text", .kind = PART_TEXT },
	{ .member = "toolUse", .kind = PART_TOOL_CALL },
	{ .member = "toolResult", .kind = PART_TOOL_RESULT },
	{ .member = "reasoningContent", .kind = PART_REASONING },
	{ .member = "image", .kind = PART_IMAGE, .media = "image" },
	{ .member = "audio", .kind = PART_AUDIO, .media = "audio" },
	{ .member = "video", .kind = PART_FILE, .has_word = true, .media = "video" },
	{ .member = "document", .kind = PART_FILE, .media = "document" },
	{ .member = "guardContent", .kind = PART_TEXT, .has_word = true },
	{ .member = "citationsContent", .kind = PART_TEXT, .has_word = true },
	{ .member = "cachePoint", .kind = PART_OTHER, .has_word = true },
	{ .member = "searchResult", .kind = PART_OTHER, .has_word = true },
};
#define ROWS (sizeof(rows) / sizeof(*rows))

static size_t row_of(const json_t *v)
{
	size_t i = 0;

	while (i < ROWS && !json_has(v, rows[i].member))
		i++;
	return i;
}

static struct block block_of(const json_t *v)
{
	size_t i = row_of(v);
	const char *first = json_object_iter_key(json_object_iter((json_t *)v));
	struct block b = { .kind = PART_OTHER, .word = first ? first : "unknown", .v = v };

	if (i == ROWS)
		return b;
	b.kind = rows[i].kind;
	b.word = rows[i].has_word ? rows[i].member : NULL;
	b.media = rows[i].media;
	b.v = json_object_get(v, rows[i].member);
	if (json_has(v, "guardContent") && json_has(b.v, "image")) {
		b.kind = PART_IMAGE;
		b.media = "image";
		b.v = json_object_get(b.v, "image");
	}
	if (b.kind == PART_REASONING && json_has(b.v, "redactedContent")) {
		b.kind = PART_OTHER;
		b.word = "redactedContent";
		b.is_data = true;
		b.v = json_object_get(b.v, "redactedContent");
	}
	return b;
}

/* "png" is image/png; documents have other names for formats than media types do. */
static void set_media_type(struct part *p, const char *family, struct span format)
{
	static const char *const documents[][2] = {
		{ "pdf", "application/pdf" }, { "csv", "text/csv" },	 { "html", "text/html" },
		{ "txt", "text/plain" },      { "md", "text/markdown" },
	};
	struct buf type;

	if (strcmp(family, "document") == 0) {
		set_string(&p->media_type, format);
		for (size_t i = 0; i < sizeof(documents) / sizeof(*documents); i++)
			if (span_eq(format, span_str(documents[i][0])))
				set_string(&p->media_type, span_str(documents[i][1]));
		return;
	}
	if (!format.len)
		return;
	buf_init(&type, 128); /* longer than any media type */
	buf_adds(&type, family);
	buf_addc(&type, '/');
	buf_add(&type, format);
	set_string(&p->media_type, buf_span(&type));
	buf_done(&type);
}

static void set_media(struct part *p, const struct block *b)
{
	const json_t *source = json_object_get(b->v, "source"), *v;
	size_t i;

	set_media_type(p, b->media, json_text(b->v, "format"));
	set_json(&p->name, json_object_get(b->v, "name"));
	if (json_has(source, "bytes"))
		part_base64(p, span_of(NULL, 0), json_text(source, "bytes"));
	buf_add(&p->text, json_text(json_object_get(source, "s3Location"), "uri"));
	buf_add(&p->text, json_text(source, "text"));
	json_array_foreach(json_object_get(source, "content"), i, v)
		buf_add(&p->text, json_text(v, "text"));
}

/* A list of one text or one JSON value counts as that value. */
static const json_t *result_of(const json_t *content)
{
	const json_t *first = json_array_get(content, 0);

	if (json_array_size(content) == 1 && json_has(first, "json") && !json_has(first, "text"))
		return json_object_get(first, "json");
	return json_lone_text(content);
}

/* All members except the text. */
static void set_block(struct part *p, const struct block *b)
{
	set_string(&p->type_raw, span_str(b->word));
	if (b->kind == PART_TOOL_CALL || b->kind == PART_TOOL_RESULT) {
		set_json(&p->id, json_object_get(b->v, "toolUseId"));
		set_json(&p->name, json_object_get(b->v, "name"));
		set_json(&p->type_raw, json_object_get(b->v, "type"));
		p->is_error = json_is(b->v, "status", "error");
	}
	if (b->media)
		set_media(p, b);
	else if (b->is_data)
		part_base64(p, span_of(NULL, 0), json_span(b->v));
}

/* Adds its text to p. */
static void add_text(struct part *p, const struct block *b)
{
	const json_t *v;
	size_t i;

	switch (b->kind) {
	case PART_TOOL_CALL:
		part_json(p, json_object_get(b->v, "input"));
		break;
	case PART_TOOL_RESULT:
		part_json(p, result_of(json_object_get(b->v, "content")));
		break;
	case PART_REASONING:
		buf_add(&p->text, json_text(json_object_get(b->v, "reasoningText"), "text"));
		break;
	case PART_OTHER:
		if (!b->is_data)
			part_json(p, b->v);
		break;
	default: /* a text: plain, in a guardContent, or in the pieces of a citationsContent */
		buf_add(&p->text, json_span(b->v));
		buf_add(&p->text, json_text(json_object_get(b->v, "text"), "text"));
		if (b->kind == PART_TEXT)
			json_array_foreach(json_object_get(b->v, "content"), i, v)
				buf_add(&p->text, json_text(v, "text"));
		break;
	}
}

/* ---- request ---- */

static void read_content(struct exchange *x, struct message *m, const json_t *content)
{
	const json_t *v;
	size_t i;

	json_array_foreach(content, i, v) {
		struct block b = block_of(v);
		struct part *p = message_part(x, m, b.kind);

		set_block(p, &b);
		add_text(p, &b);
	}
}

static void read_tool(struct exchange *x, const char *type, const json_t *v)
{
	struct tool *t = request_function(x, NULL, v, NULL);

	set_string(&t->type, span_str(type));
	t->schema = json_incref(json_at2(v, "inputSchema", "json"));
}

static void read_tools(struct exchange *x, const json_t *config)
{
	static const char *const known[] = { "tools", NULL };
	const json_t *v;
	size_t i;

	json_array_foreach(json_object_get(config, "tools"), i, v) {
		if (json_has(v, "toolSpec"))
			read_tool(x, "toolSpec", json_object_get(v, "toolSpec"));
		else if (json_has(v, "systemTool"))
			read_tool(x, "systemTool", json_object_get(v, "systemTool"));
		else
			request_param(x, "tool", v); /* a cachePoint among them */
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
	if (json_array_size(json_object_get(body, "system")) > 0) {
		set_string(&x->system.role, SPAN_LIT("system"));
		read_content(x, &x->system, json_object_get(body, "system"));
	}
	json_array_foreach(json_object_get(body, "messages"), i, v)
		read_content(x, request_message(x, json_text(v, "role")),
			     json_object_get(v, "content"));
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
	struct block b = block_of(v);
	struct part *p = answer_part(x, 0, b.kind, slot);
	struct part text = { .kind = b.kind };

	/* Built separately, so that it is reported as it is appended. */
	buf_init(&text.text, builder_text_max(x));
	set_block(p, &b);
	add_text(&text, &b);
	answer_append(x, 0, p, buf_span(&text.text));
	p->text.full |= text.text.full;
	buf_done(&text.text);
}

static void converse_response(struct exchange *x, const json_t *body)
{
	const json_t *message = json_at2(body, "output", "message"), *v;
	size_t i;

	if (bedrock_error(x, body))
		return;
	if (message)
		read_role(x, message);
	json_array_foreach(json_object_get(message, "content"), i, v)
		answer_block(x, (int)i, v);
	read_stop(x, body);
	bedrock_usage(x, json_object_get(body, "usage"));
}

/* ---- stream ---- */

static int slot_of(const json_t *data)
{
	return json_index(data, "contentBlockIndex", 0);
}

static void on_message_start(struct exchange *x, const json_t *data)
{
	answer_restart(x, 0);
	read_role(x, data);
}

/* Only blocks that are more than text are announced. */
static void on_block_start(struct exchange *x, const json_t *data)
{
	const json_t *start = json_object_get(data, "start");
	struct block b = block_of(start);
	struct part *p;

	if (b.kind != PART_TOOL_CALL && b.kind != PART_TOOL_RESULT)
		return;
	p = answer_part(x, 0, b.kind, slot_of(data));
	set_block(p, &b);
	answer_append(x, 0, p, span_of(NULL, 0));
}

static void add_piece(struct exchange *x, enum part_kind kind, int slot, const json_t *v)
{
	struct part text = { .kind = kind };

	if (!v || json_is_null(v))
		return;
	buf_init(&text.text, builder_text_max(x));
	part_json(&text, v);
	if (text.text.len) {
		struct part *p = answer_part(x, 0, kind, slot);

		answer_append(x, 0, p, buf_span(&text.text));
		p->text.full |= text.text.full;
	}
	buf_done(&text.text);
}

/* Data whose pieces cannot be digested as one: each piece is a part. */
static void add_data(struct exchange *x, enum part_kind kind, const char *word,
		     const json_t *base64)
{
	struct part *p;

	if (!json_is_string(base64))
		return;
	p = answer_part(x, 0, kind, NO_SLOT);
	set_string(&p->type_raw, span_str(word));
	part_base64(p, span_of(NULL, 0), json_span(base64));
}

/* Signatures and citations are no output. */
static void on_delta(struct exchange *x, const json_t *data)
{
	const json_t *delta = json_object_get(data, "delta"), *v;
	const json_t *reasoning = json_object_get(delta, "reasoningContent");
	int slot = slot_of(data);
	size_t i;

	add_piece(x, PART_TEXT, slot, json_object_get(delta, "text"));
	add_piece(x, PART_REASONING, slot, json_object_get(reasoning, "text"));
	add_piece(x, PART_TOOL_CALL, slot, json_at2(delta, "toolUse", "input"));
	json_array_foreach(json_object_get(delta, "toolResult"), i, v) {
		add_piece(x, PART_TOOL_RESULT, slot, json_object_get(v, "text"));
		add_piece(x, PART_TOOL_RESULT, slot, json_object_get(v, "json"));
	}
	add_data(x, PART_OTHER, "redactedContent", json_object_get(reasoning, "redactedContent"));
	add_data(x, PART_IMAGE, NULL, json_at2(json_object_get(delta, "image"), "source", "bytes"));
}

/* A call without input may send no piece of it. */
static void on_block_stop(struct exchange *x, const json_t *data)
{
	struct part *p = answer_find(x, 0, PART_TOOL_CALL, slot_of(data));

	if (p && !p->text.len && !p->taken)
		buf_adds(&p->text, "{}");
}

static void on_metadata(struct exchange *x, const json_t *data)
{
	bedrock_usage(x, json_object_get(data, "usage"));
}

static const struct {
	const char *name;
	void (*read)(struct exchange *x, const json_t *data);
} events[] = {
	{ "messageStart", on_message_start }, { "contentBlockStart", on_block_start },
	{ "contentBlockDelta", on_delta },    { "contentBlockStop", on_block_stop },
	{ "messageStop", read_stop },	      { "metadata", on_metadata },
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

		if (span_eq(name, span_str(events[i].name)))
			events[i].read(x, data);
		else if (json_is_object(inner))
			events[i].read(x, inner);
	}
}

/* ---- shapes ---- */

static bool is_converse_request(const json_t *body)
{
	const json_t *message = json_array_get(json_object_get(body, "messages"), 0);
	const json_t *block = json_array_get(json_object_get(message, "content"), 0);
	size_t row = row_of(block);

	return json_is_string(json_object_get(message, "role")) && !json_has(block, "type") &&
	       row < ROWS &&
	       (json_is_string(json_object_get(block, "text")) ||
		json_is_object(json_object_get(block, rows[row].member)));
}

static bool is_converse_response(const json_t *body)
{
	if (json_is_array(json_object_get(json_at2(body, "output", "message"), "content")) ||
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
};

/* ---- CountTokens ---- */

static void count_response(struct exchange *x, const json_t *body)
{
	if (bedrock_error(x, body))
		return;
	usage_raw(x, body);
	usage_count(&x->counted, json_object_get(body, "inputTokens"));
}

const struct dialect dialect_bedrock_count = {
	.name = "bedrock.count",
	.request = converse_request,
	.response = count_response,
	.event = converse_event,
};
