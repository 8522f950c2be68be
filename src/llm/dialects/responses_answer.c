/* SPDX-License-Identifier: MIT */
#include "llm/dialects/responses_answer.h"

#include <stdlib.h>

#include "exchange/citations.h"
#include "exchange/redact.h"
#include "json/read.h"
#include "json/write.h"
#include "llm/dialects/openai.h"
#include "llm/json.h"
#include "llm/rest.h"

/* Slots of one item, and of those the ones for what is not known. */
#define ITEM_PARTS 1024
#define REST_PARTS 768
/* From here on is what is binary in a result. */
#define BINARY_PARTS 2

int responses_slot(int item, int part)
{
	return (item % (1 << 20)) * ITEM_PARTS + part % ITEM_PARTS;
}

/* ---- the whole of a text ---- */

static struct span trimmed(struct span s)
{
	while (s.len && s.ptr[s.len - 1] <= ' ')
		s.len--;
	while (s.len && s.ptr[0] <= ' ')
		s = span_from(s, 1);
	return s;
}

/* Some write the arguments of a call anew. */
static bool is_same_json(struct span a, struct span b)
{
	bool cut_a, cut_b, same;
	json_t *va = json_read(NULL, a, &cut_a), *vb = json_read(NULL, b, &cut_b);

	same = va && vb && json_equal(va, vb);
	json_decref(va);
	json_decref(vb);
	return same;
}

void responses_answer_whole(struct exchange *x, struct part *p, struct span text)
{
	struct buf before;

	if (!text.len || redact_part_is(p, text))
		return;
	buf_init(&before, builder_text_max(x));
	redact_part_whole(p, &before);
	if (!answer_whole(x, 0, p, text) && !span_eq(trimmed(buf_span(&before)), trimmed(text)) &&
	    !is_same_json(buf_span(&before), text))
		x->response_partial = true;
	buf_done(&before);
}

/* ---- calls ---- */

/* The part of a tool call, by the call's own id if it has one: xAI's Realtime numbers items
 * wrongly. */
static struct part *call_part(struct exchange *x, int item, struct span id)
{
	struct part *p = answer_call_of(x, 0, id);

	if (p)
		return p;
	p = answer_part(x, 0, PART_TOOL_CALL, responses_slot(item, 0));
	return id.len && p->id && !span_eq(id, span_str(p->id))
		       ? answer_part(x, 0, PART_TOOL_CALL, NO_SLOT)
		       : p;
}

/* What a tool gave back: `v` is the call's item, or that of its output. */
static struct part *answer_result(struct exchange *x, int item, const json_t *v,
				  const json_t *result)
{
	struct part *p = answer_part(x, 0, PART_TOOL_RESULT, responses_slot(item, 0));

	redact_part_reset(p);
	set_json(&p->id, json_object_get(v, json_has(v, "call_id") ? "call_id" : "id"));
	set_json(&p->name, json_object_get(v, "name"));
	p->is_error = responses_failed(v);
	openai_answer_result(x, responses_slot(item, BINARY_PARTS), p, result);
	return answer_find(x, 0, PART_TOOL_RESULT, responses_slot(item, 0));
}

static void answer_picture(struct exchange *x, int item, const json_t *v)
{
	struct part *p = answer_part(x, 0, PART_IMAGE, responses_slot(item, 1));

	redact_part_reset(p);
	responses_picture(p, v);
}

static void answer_searches(struct exchange *x, const json_t *v)
{
	const json_t *query;
	size_t i;

	answer_search(x, json_text(v, "query"));
	json_array_foreach(json_object_get(v, "queries"), i, query)
		answer_search(x, json_span(query));
}

static void answer_call(struct exchange *x, int item, const json_t *v)
{
	struct part *p = call_part(x, item, json_text(v, "call_id"));
	const json_t *input = responses_call_input(v), *result = responses_call_result(v);
	char *text = NULL;

	responses_read_call(p, v);
	if (!json_is_text(input))
		text = json_write_text(input);
	responses_answer_whole(x, p, text ? span_str(text) : json_span(input));
	answer_append(x, 0, p, span_of(NULL, 0));
	free(text);
	if (json_is(v, "type", "image_generation_call") && json_is_text(result))
		answer_picture(x, item, v);
	else if (result)
		answer_result(x, item, v, result);
	answer_searches(x, json_object_get(v, "action"));
	answer_searches(x, v);
	answer_rest_at(x, 0, responses_slot(item, REST_PARTS), v, responses_call_members);
}

void responses_announce(struct exchange *x, int item, const json_t *v)
{
	struct part *p;

	if (!responses_is_call(json_text(v, "type")))
		return;
	p = call_part(x, item, json_text(v, "call_id"));
	responses_read_call(p, v);
	answer_append(x, 0, p, span_of(NULL, 0));
}

/* ---- texts ---- */

/* The nth part of that kind among the pieces of the item, or a new one: some servers number the
 * contents of pieces and of the whole differently. */
static struct part *nth_part(struct exchange *x, int item, enum part_kind kind, size_t n,
			     int number)
{
	int first = responses_slot(item, number < REASONING_PARTS ? 0 : REASONING_PARTS);
	struct part *p = answer_nth(x, 0, kind, first, first + REASONING_PARTS, n);

	return p ? p : answer_part(x, 0, kind, responses_slot(item, number));
}

static struct span text_of(const json_t *v)
{
	if (json_is_text(v))
		return json_span(v);
	return json_text(v, json_has(v, "text") ? "text" : "transcript");
}

static void answer_rest_of_part(struct exchange *x, int item, size_t i, const json_t *v)
{
	int slot = responses_slot(item, REST_PARTS + 8 + 8 * (int)(i % 16));

	openai_annotations(x, json_object_get(v, "annotations"));
	answer_rest_at(x, 0, slot, v, responses_part_members);
}

/* Sound comes in pieces; the whole has no more than its transcript, as a rule. */
static void answer_binary(struct exchange *x, int item, int number, const json_t *v)
{
	enum part_kind kind = openai_binary_kind(v);
	struct part *p;

	if (kind == PART_OTHER)
		return;
	p = answer_part(x, 0, kind, responses_slot(item, number));
	redact_part_reset(p);
	openai_binary_read(p, v);
}

static void answer_texts(struct exchange *x, int item, const json_t *list, enum part_kind kind,
			 int first)
{
	size_t refusals = 0, texts = 0, i;
	const json_t *v;

	if (json_is_text(list) && json_string_length(list))
		responses_answer_whole(x, nth_part(x, item, kind, 0, first), json_span(list));
	json_each(list, i, v) {
		int number = first + (int)(i % REASONING_PARTS);
		struct span text = text_of(v);

		if (json_has(v, "refusal"))
			responses_answer_whole(x,
					       nth_part(x, item, PART_REFUSAL, refusals++, number),
					       json_text(v, "refusal"));
		else if (text.len)
			responses_answer_whole(x, nth_part(x, item, kind, texts++, number), text);
		answer_binary(x, item, number, v);
		answer_rest_of_part(x, item, i, v);
	}
}

void responses_answer_part(struct exchange *x, int item, const json_t *v, enum part_kind kind,
			   int number)
{
	struct span refusal = json_text(v, "refusal"), text = text_of(v);
	enum part_kind of = refusal.len ? PART_REFUSAL : kind;

	if (refusal.len || text.len)
		responses_answer_whole(x, answer_part(x, 0, of, responses_slot(item, number)),
				       refusal.len ? refusal : text);
	openai_annotations(x, json_object_get(v, "annotations"));
}

/* ---- items ---- */

static void answer_other(struct exchange *x, int item, const json_t *v)
{
	struct part *p = answer_part(x, 0, PART_OTHER, responses_slot(item, 0));

	set_json(&p->type_raw, json_object_get(v, "type"));
	redact_part_reset(p);
	part_json(p, v);
}

static void answer_output(struct exchange *x, int item, const json_t *v)
{
	const json_t *result = responses_call_result(v), *tools = json_object_get(v, "tools");
	struct part *p = answer_result(x, item, v, result ? result : tools ? tools : v);

	set_json(&p->type_raw, json_object_get(v, "type"));
	answer_rest_at(x, 0, responses_slot(item, REST_PARTS), v, responses_call_members);
}

/* Perplexity's pages. */
static void answer_pages(struct exchange *x, const json_t *v)
{
	openai_pages(x, json_object_get(v, "results"));
	openai_pages(x, json_object_get(v, "contents"));
	answer_searches(x, v);
}

void responses_answer_item(struct exchange *x, int item, const json_t *v)
{
	struct span type = json_text(v, "type");

	if (json_is_text(v)) {
		answer_texts(x, item, v, PART_TEXT, 0);
	} else if (span_eq(type, SPAN_LIT("message"))) {
		answer_texts(x, item, json_object_get(v, "content"), PART_TEXT, 0);
		answer_rest_at(x, 0, responses_slot(item, REST_PARTS), v, responses_item_members);
	} else if (span_eq(type, SPAN_LIT("reasoning"))) {
		answer_texts(x, item, json_object_get(v, "summary"), PART_REASONING, 0);
		answer_texts(x, item, json_object_get(v, "content"), PART_REASONING,
			     REASONING_PARTS);
		answer_rest_at(x, 0, responses_slot(item, REST_PARTS), v, responses_item_members);
	} else if (responses_is_call(type)) {
		answer_call(x, item, v);
	} else if (span_ends(type, SPAN_LIT("_output"))) {
		answer_output(x, item, v);
	} else if (json_is_object(v)) {
		answer_other(x, item, v);
		if (span_ends(type, SPAN_LIT("_results")))
			answer_pages(x, v);
	}
}
