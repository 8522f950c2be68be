/* SPDX-License-Identifier: MIT */
/* Tool calls of an answer of Chat Completions, as a whole or in pieces.
 *
 * Most servers number the calls of an answer; some number all alike, some give ids only, some
 * neither. So a call is known by its id, else by its number, else by its name. */
#include <stdlib.h>

#include "exchange/redact.h"
#include "json/read.h"
#include "json/write.h"
#include "llm/dialects/openai.h"
#include "llm/json.h"
#include "llm/rest.h"

/* Calls of one number: the nth has a slot past those of the ones before. */
#define NUMBERS 4096

static struct part *last_call(struct exchange *x, unsigned index)
{
	const struct message *m = &answer_choice(x, index)->msg;

	for (size_t i = m->nparts; i > 0; i--)
		if (m->parts[i - 1].kind == PART_TOOL_CALL)
			return &m->parts[i - 1];
	return NULL;
}

/* The latest call of that number, and a slot for the next one. */
static struct part *numbered_call(struct exchange *x, unsigned index, int number, int *ret_next)
{
	struct part *p = NULL, *next;
	int slot = number % NUMBERS;

	while (slot < NUMBERS * ANSWER_PARTS_MAX &&
	       (next = answer_find(x, index, PART_TOOL_CALL, slot)) != NULL) {
		p = next;
		slot += NUMBERS;
	}
	*ret_next = slot;
	return p;
}

static bool is_whole(const struct part *p)
{
	bool partial;
	json_t *v = p->text.len && p->text.ptr[p->text.len - 1] == '}'
			    ? json_read(NULL, buf_span(&p->text), &partial)
			    : NULL;

	json_decref(v);
	return v && !partial;
}

/* Whether a piece with that name, and without an id, goes on with the call. Its name may come again
 * with each piece, or in pieces before any argument. */
static bool goes_on(const struct part *p, struct span name, bool numbered)
{
	if (!name.len || !p->name)
		return true;
	if (!p->text.len)
		return numbered;
	return span_eq(name, span_str(p->name)) && (numbered || !is_whole(p));
}

static struct part *call_of(struct exchange *x, unsigned index, const json_t *v, struct span name)
{
	bool numbered = json_has(v, "index");
	int next = -1;
	struct span id = json_text(v, "id");
	struct part *p = answer_call_of(x, index, id);

	if (p)
		return p;
	p = numbered ? numbered_call(x, index, json_index(v, "index", 0), &next)
		     : last_call(x, index);
	if (p && !(id.len && (p->id || !numbered)) && goes_on(p, name, numbered))
		return p;
	return answer_part(x, index, PART_TOOL_CALL, next);
}

static void call_name(struct part *p, struct span name)
{
	struct buf whole;

	if (!p->name || p->text.len || span_eq(name, span_str(p->name))) {
		if (!p->name)
			set_string(&p->name, name);
		return;
	}
	buf_init(&whole, 1024);
	buf_adds(&whole, p->name);
	buf_add(&whole, name);
	set_string(&p->name, buf_span(&whole));
	buf_done(&whole);
}

void openai_answer_call(struct exchange *x, unsigned index, const json_t *call,
			const json_t *function)
{
	struct span name = json_text(function, "name");
	struct part *p = call_of(x, index, call, name);
	const json_t *arguments = json_object_get(function, "arguments");
	char *text = NULL;

	if (!p->id)
		set_json(&p->id, json_object_get(call, "id"));
	call_name(p, name);
	if (!arguments)
		arguments = json_object_get(function, "input");
	if (arguments && !json_is_text(arguments) && !json_is_null(arguments))
		text = json_write_text(arguments);
	answer_append(x, index, p, text ? span_str(text) : json_span(arguments));
	free(text);
	answer_rest(x, index, call, openai_call_members);
	answer_rest(x, index, function, openai_call_members);
}

/* ---- calls of the provider's own tools: Groq's ---- */

struct part *openai_aside(struct exchange *x, unsigned index, enum part_kind kind, const char *type,
			  size_t n)
{
	const struct message *m = &answer_choice(x, index)->msg;
	struct part *p;

	for (size_t i = 0; i < m->nparts; i++) {
		p = &m->parts[i];
		if (p->kind == kind && p->type_raw && strcmp(p->type_raw, type) == 0 && n-- == 0)
			return p;
	}
	p = answer_part(x, index, kind, ASIDE_SLOT);
	set_string(&p->type_raw, span_str(type));
	return p;
}

static void executed(struct exchange *x, unsigned index, size_t n, const json_t *v)
{
	static const char *const known[] = { "index",  "type",		 "name", "arguments",
					     "output", "search_results", NULL };
	struct part *p = openai_aside(x, index, PART_TOOL_CALL, "executed", n);

	set_json(&p->name, json_object_get(v, json_has(v, "name") ? "name" : "type"));
	answer_whole(x, index, p, json_text(v, "arguments"));
	if (json_has(v, "output")) {
		p = openai_aside(x, index, PART_TOOL_RESULT, "executed", n);
		redact_part_reset(p);
		part_json(p, json_object_get(v, "output"));
	}
	openai_pages(x, json_at2(v, "search_results", "results"));
	answer_rest(x, index, v, known);
}

void openai_executed(struct exchange *x, unsigned index, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v)
		if (json_is_object(v))
			executed(x, index, (size_t)json_index(v, "index", (int)i), v);
}
