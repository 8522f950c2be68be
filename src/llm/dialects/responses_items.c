/* SPDX-License-Identifier: MIT */
#include "llm/dialects/responses_items.h"

#include <stdlib.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "exchange/builder.h"
#include "llm/json.h"
#include "llm/rest.h"

/* As many as an answer has parts; more share the last. */
#define ITEMS_MAX ANSWER_PARTS_MAX
/* Of these, the latest are looked through for an id. */
#define ITEMS_SEARCHED 256

struct response_item {
	char *id, *call, *type;
	int index; /* as the provider numbers it, -1 unknown */
	bool over;
	bool said;		  /* something of it came */
	bool in_whole;		  /* the whole answer has it */
	struct sha256_ctx *sound; /* NULL: there is none */
};

void response_items_done(struct response_items *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->items[i].id);
		free(s->items[i].call);
		free(s->items[i].type);
		free(s->items[i].sound);
	}
	free(s->items);
}

static bool is_named(const char *name, struct span id)
{
	return name && id.len && span_eq(id, span_str(name));
}

/* Some name in pieces the call, and in the whole the item. */
static int find_named(const struct response_items *s, struct span id, struct span call)
{
	size_t stop = s->count > ITEMS_SEARCHED ? s->count - ITEMS_SEARCHED : 0;

	for (size_t i = s->count; i > stop; i--) {
		const struct response_item *it = &s->items[i - 1];

		if (is_named(it->id, id) || is_named(it->call, id) || is_named(it->call, call) ||
		    is_named(it->id, call))
			return (int)i - 1;
	}
	return -1;
}

static int find_index(const struct response_items *s, int index)
{
	for (size_t i = s->count; i > 0; i--)
		if (s->items[i - 1].index == index)
			return (int)i - 1;
	return -1;
}

/* The latest that is not over and has no other id. */
static int find_open(const struct response_items *s, struct span id)
{
	for (size_t i = s->count; i > 0; i--)
		if (!s->items[i - 1].over && (!id.len || !s->items[i - 1].id))
			return (int)i - 1;
	return -1;
}

static int add(struct response_items *s, int index)
{
	if (s->count == ITEMS_MAX)
		return ITEMS_MAX - 1;
	s->items = xgrow(s->items, s->count, sizeof(*s->items));
	s->items[s->count] = (struct response_item){ .index = index };
	return (int)s->count++;
}

static void learn(struct response_item *it, struct span id, const json_t *item)
{
	if (!it->id)
		set_string(&it->id, id);
	if (!it->call)
		set_json(&it->call, json_object_get(item, "call_id"));
	if (!it->type)
		set_json(&it->type, json_object_get(item, "type"));
}

int response_item_of(struct response_items *s, const json_t *event, const json_t *item, bool begins)
{
	struct span id = json_text(event, "item_id");
	struct span call = json_text(item ? item : event, "call_id");
	int index = json_index(event, "output_index", -1), n;

	if (!id.len)
		id = json_text(item, "id");
	n = find_named(s, id, call);
	if (n < 0 && !begins)
		n = index >= 0 ? find_index(s, index) : find_open(s, id);
	if (n < 0)
		n = add(s, index);
	learn(&s->items[n], id, item);
	s->items[n].said |= !begins;
	return n;
}

int response_item_at(struct response_items *s, size_t place, const json_t *item)
{
	struct span type = json_text(item, "type");
	int n = find_named(s, json_text(item, "id"), json_text(item, "call_id"));

	if (n < 0 && place < s->count &&
	    (!s->items[place].type || is_named(s->items[place].type, type)))
		n = (int)place;
	if (n < 0) {
		n = add(s, -1);
		learn(&s->items[n], json_text(item, "id"), item);
	}
	s->items[n].in_whole = true;
	return n;
}

bool response_items_left(const struct response_items *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].said && !s->items[i].in_whole)
			return true;
	return false;
}

struct sha256_ctx *response_item_sum(struct response_items *s, int number)
{
	struct response_item *it = &s->items[number];

	if (!it->sound) {
		it->sound = xcalloc(1, sizeof(*it->sound));
		sha256_init(it->sound);
	}
	return it->sound;
}

void response_item_end(struct response_items *s, int number)
{
	s->items[number].over = true;
}

/* ---- what is not known ---- */

/* Most of a response's members repeat the request. */
void responses_envelope_rest(struct exchange *x, const json_t *response)
{
	static const char *const known[] = {
		"id",
		"object",
		"model",
		"output",
		"output_text",
		"status",
		"status_details",
		"error",
		"incomplete_details",
		"usage",
		"service_tier",
		"created_at",
		"completed_at",
		"created",
		"background",
		"billing",
		"conversation",
		"conversation_id",
		"frequency_penalty",
		"instructions",
		"max_output_tokens",
		"max_tool_calls",
		"metadata",
		"modalities",
		"output_modalities",
		"output_audio_format",
		"audio",
		"voice",
		"parallel_tool_calls",
		"presence_penalty",
		"previous_response_id",
		"prompt",
		"prompt_cache_key",
		"prompt_cache_retention",
		"prompt_cache_options",
		"reasoning",
		"safety_identifier",
		"store",
		"stream",
		"temperature",
		"text",
		"tool_choice",
		"tools",
		"top_k",
		"top_logprobs",
		"top_p",
		"truncation",
		"user",
		"content_filters",
		"type",
		"input",
		"include",
		"citations",
		"search_results",
		NULL,
	};

	answer_rest(x, 0, response, known);
}

bool responses_told_again(struct span type)
{
	static const struct span ends[] = {
		SPAN_LIT("partial_image"),
		SPAN_LIT("audio.delta"),
		SPAN_LIT("ping"),
		SPAN_LIT("keepalive"),
		SPAN_LIT("rate_limits.updated"),
		SPAN_LIT("shell_call_command.added"),
		SPAN_LIT("shell_call_command.delta"),
		SPAN_LIT("shell_call_command.done"),
		SPAN_LIT("operation_diff.delta"),
		SPAN_LIT("operation_diff.done"),
		SPAN_LIT("output_content.delta"),
		SPAN_LIT("output_content.done"),
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (span_ends(type, ends[i]))
			return true;
	return false;
}

void responses_event_rest(struct exchange *x, const json_t *event)
{
	static const char *const known[] = {
		"delta",
		"type",
		"sequence_number",
		"item_id",
		"output_index",
		"content_index",
		"obfuscation",
		"logprobs",
		"event_id",
		"summary_index",
		"response_id",
		"stream_id",
		"call_id",
		"item",
		"response",
		"part",
		"text",
		"arguments",
		"input",
		"code",
		"refusal",
		"transcript",
		"annotation",
		"annotation_index",
		"usage",
		"name",
		"error",
		"message",
		"param",
		"status",
		"status_code",
		"code",
		"headers",
		"previous_item_id",
		"item_type",
		NULL,
	};
	struct span type = json_text(event, "type");

	if (type.len && !responses_told_again(type))
		answer_rest(x, 0, event, known);
}
