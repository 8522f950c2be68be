/* SPDX-License-Identifier: MIT */
/* Streams of Anthropic Messages: docs.anthropic.com/en/api/messages-streaming (read November 2026).
 * A message begins, its blocks begin, go on in pieces and stop, and the message stops. Events have
 * no numbers, so one that is missing or comes twice shows by that order alone. */
#include <stdlib.h>

#include "exchange/citations.h"
#include "exchange/redact.h"
#include "json/read.h"
#include "llm/dialects/anthropic.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/pieces.h"
#include "llm/rest.h"

struct stream {
	bool begun, over;
	int next;		/* block */
	struct pieces_set open; /* blocks */
};
_Static_assert(sizeof(struct stream) <= ANTHROPIC_STATE_SIZE, "room for the state");

/* Gateways may number all blocks alike: the next one of a number has a slot past the one before. */
static int latest_slot(struct exchange *x, int number)
{
	int slot = number % ANTHROPIC_NUMBERS;

	while (slot < ANTHROPIC_NUMBERS * ANSWER_PARTS_MAX &&
	       answer_has(x, 0, slot + ANTHROPIC_NUMBERS))
		slot += ANTHROPIC_NUMBERS;
	return slot;
}

/* Whether the block was announced already: some say it twice. */
static bool is_same(const struct part *p, const json_t *block)
{
	struct span id = json_text(block, "id");

	return p && (id.len ? span_eq(id, span_str(p->id)) : !p->text.len && !p->taken);
}

static int announced_slot(struct exchange *x, int number, const json_t *block)
{
	int slot = latest_slot(x, number);

	if (!answer_has(x, 0, slot) || is_same(answer_find(x, 0, block_kind(block), slot), block))
		return slot;
	return slot + ANTHROPIC_NUMBERS;
}

/* A piece of a block of which we only know the name: its texts are what it is about. */
static void read_unknown(struct exchange *x, int slot, const json_t *delta)
{
	static const char *const known[] = { "type", "signature", NULL };
	struct part *p = answer_find(x, 0, PART_OTHER, slot);
	const char *key;
	json_t *v;

	if (!p) {
		answer_rest(x, 0, delta, known);
		return;
	}
	json_object_foreach((json_t *)delta, key, v) {
		if (!json_is_text(v) || strcmp(key, "type") == 0 || strcmp(key, "signature") == 0)
			continue;
		/* What announced it says less. */
		if (p->text.len && p->text.ptr[0] == '{')
			redact_part_reset(p);
		part_json(p, v);
	}
}

/* Of a piece without a type, its members tell. */
static bool is_piece(const json_t *delta, const char *type, const char *member)
{
	return json_is(delta, "type", type) ||
	       (!json_has(delta, "type") && json_has(delta, member));
}

static void read_delta(struct exchange *x, int slot, const json_t *delta)
{
	static const char *const known[] = { "type",	 "text",      "thinking", "partial_json",
					     "citation", "signature", "content",  NULL };
	static const struct {
		const char *type, *member;
		enum part_kind kind;
	} rows[] = {
		{ "text_delta", "text", PART_TEXT },
		{ "thinking_delta", "thinking", PART_REASONING },
		{ "input_json_delta", "partial_json", PART_TOOL_CALL },
		{ "compaction_delta", "content", PART_OTHER },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!is_piece(delta, rows[i].type, rows[i].member))
			continue;
		pieces_expect(x, answer_find(x, 0, rows[i].kind, slot));
		if (json_text(delta, rows[i].member).len)
			answer_append(x, 0, answer_part(x, 0, rows[i].kind, slot),
				      json_text(delta, rows[i].member));
		answer_rest_of(x, 0, slot, span_of(NULL, 0), delta, known);
		return;
	}
	if (!is_piece(delta, "citations_delta", "citation")) {
		read_unknown(x, slot, delta);
		return;
	}
	anthropic_citation(x, json_object_get(delta, "citation"));
	answer_rest_of(x, 0, slot, span_of(NULL, 0), delta, known);
}

/* A call without input sends no piece of it. */
static void end_block(struct exchange *x, struct stream *s, int number)
{
	struct part *p = answer_find(x, 0, PART_TOOL_CALL, latest_slot(x, number));

	pieces_expect(x, pieces_in(&s->open, number));
	pieces_put(&s->open, number, false);
	if (p && !p->text.len && !p->taken)
		buf_adds(&p->text, "{}");
}

static void begin_block(struct exchange *x, struct stream *s, int number, const json_t *block)
{
	pieces_expect(x, s->begun && !s->over);
	pieces_next(x, &s->next, number);
	pieces_put(&s->open, number, true);
	anthropic_block(x, announced_slot(x, number, block), block, true);
}

static void begin_message(struct exchange *x, struct stream *s, const json_t *message)
{
	/* Some begin anew where a model behind them failed. */
	pieces_expect(x, s->begun || !answer_choice(x, 0)->msg.nparts);
	*s = (struct stream){ .begun = true };
	answer_restart(x, 0);
	anthropic_message(x, message);
	s->next = (int)json_array_size(json_object_get(message, "content"));
}

static void end_message(struct exchange *x, struct stream *s)
{
	pieces_expect(x, s->begun && !s->over);
	s->over = true;
}

static void read_event(struct exchange *x, struct stream *s, const json_t *data)
{
	static const char *const stops[] = { "type",	     "stop_reason", "stop_sequence",
					     "stop_details", "usage",	    NULL };
	int number = json_index(data, "index", 0);
	struct span type = json_text(data, "type");
	const json_t *delta = json_object_get(data, "delta");

	if (block_is(type, "message_start")) {
		begin_message(x, s, json_object_get(data, "message"));
	} else if (block_is(type, "content_block_start")) {
		begin_block(x, s, number, json_object_get(data, "content_block"));
	} else if (block_is(type, "content_block_delta")) {
		pieces_expect(x, pieces_in(&s->open, number));
		read_delta(x, latest_slot(x, number), delta);
	} else if (block_is(type, "content_block_stop")) {
		end_block(x, s, number);
	} else if (block_is(type, "message_delta")) {
		pieces_expect(x, s->begun && !s->over);
		anthropic_usage(x, json_object_get(delta, "usage"));
		anthropic_stop(x, delta);
		answer_rest(x, 0, delta, stops);
	} else if (block_is(type, "message_stop")) {
		end_message(x, s);
	}
}

void anthropic_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	static const char *const known[] = { "type",
					     "index",
					     "delta",
					     "content_block",
					     "message",
					     "usage",
					     "error",
					     "request_id",
					     "amazon-bedrock-invocationMetrics",
					     "p",
					     NULL };

	read_event(x, state, data);
	anthropic_usage(x, json_object_get(data, "usage"));
	if (json_has(data, "error"))
		answer_error_of(x, data);
	answer_rest(x, 0, data, known);
}

/* What the provider itself searched for, when all of it came. */
static void read_search(struct exchange *x, const struct part *p)
{
	bool partial;
	json_t *v;

	if (p->kind != PART_TOOL_CALL || !p->type_raw ||
	    strcmp(p->type_raw, "server_tool_use") != 0)
		return;
	v = json_read(builder_limits(x), buf_span(&p->text), &partial);
	answer_search(x, json_text(v, "query"));
	json_decref(v);
}

void anthropic_ended(struct exchange *x, void *state)
{
	const struct stream *s = state;
	const struct message *m = &answer_choice(x, 0)->msg;

	pieces_expect(x, s->over);
	pieces_expect_calls(x);
	for (size_t i = 0; i < m->nparts; i++)
		read_search(x, &m->parts[i]);
}
