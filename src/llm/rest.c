/* SPDX-License-Identifier: MIT */
#include "llm/rest.h"

#include "exchange/redact.h"
#include "json/number.h"
#include "llm/json.h"

/* An answer's parts among which one of that name is looked for. */
#define PARTS_SEARCHED 64
#define EMPTY_DEPTH    8

static bool is_empty(const json_t *v, unsigned depth)
{
	const char *key;
	json_t *item;
	size_t i;

	if (json_is_object(v)) {
		json_object_foreach((json_t *)v, key, item)
			if (depth == 0 || !is_empty(item, depth - 1))
				return false;
		return true;
	}
	if (json_is_array(v)) {
		json_array_foreach(v, i, item)
			if (depth == 0 || !is_empty(item, depth - 1))
				return false;
		return true;
	}
	if (json_number_is(v))
		return json_number_double(v) == 0;
	return !v || json_is_null(v) || json_is_false(v) ||
	       (json_is_text(v) && json_string_length(v) == 0);
}

bool json_is_empty(const json_t *v)
{
	return is_empty(v, EMPTY_DEPTH);
}

void message_rest(struct exchange *x, struct message *m, const json_t *v, const char *const *known)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)v, key, value)
		if (!json_name_in(key, known) && !json_is_empty(value))
			message_other(x, m, key, value);
}

static struct part *other_of(struct exchange *x, unsigned index, int slot, const char *name)
{
	const struct message *m = &answer_choice(x, index)->msg;
	size_t stop = m->nparts > PARTS_SEARCHED ? m->nparts - PARTS_SEARCHED : 0;
	struct part *p;

	for (size_t i = m->nparts; i > stop; i--) {
		p = &m->parts[i - 1];
		if (p->slot == slot && p->type_raw && strcmp(p->type_raw, name) == 0)
			return p;
	}
	p = answer_part(x, index, PART_OTHER, slot);
	set_string(&p->type_raw, span_str(name));
	return p;
}

static void answer_members(struct exchange *x, unsigned index, int slot, struct span id,
			   const json_t *v, const char *const *known)
{
	const char *key;
	json_t *value;
	struct part *p;

	json_object_foreach((json_t *)v, key, value) {
		if (json_name_in(key, known) || json_is_empty(value))
			continue;
		p = other_of(x, index, slot, key);
		set_string(&p->id, id);
		if (!json_is_text(value))
			redact_part_reset(p);
		part_json(p, value);
	}
}

void answer_rest(struct exchange *x, unsigned index, const json_t *v, const char *const *known)
{
	answer_members(x, index, ASIDE_SLOT, span_of(NULL, 0), v, known);
}

void answer_rest_of(struct exchange *x, unsigned index, int slot, struct span id, const json_t *v,
		    const char *const *known)
{
	answer_members(x, index, ASIDE_OF(slot), id, v, known);
}

void answer_rest_at(struct exchange *x, unsigned index, int slot, const json_t *v,
		    const char *const *known)
{
	const char *key;
	json_t *value;
	struct part *p;

	json_object_foreach((json_t *)v, key, value) {
		if (json_name_in(key, known) || json_is_empty(value))
			continue;
		p = answer_part(x, index, PART_OTHER, slot++);
		set_string(&p->type_raw, span_str(key));
		redact_part_reset(p);
		part_json(p, value);
	}
}

void request_rest(struct exchange *x, const char *of, const json_t *v, const char *const *known)
{
	const char *key;
	json_t *value;
	struct buf name;

	buf_init(&name, 256);
	json_object_foreach((json_t *)v, key, value) {
		if (json_name_in(key, known) || json_is_empty(value))
			continue;
		buf_reset(&name);
		buf_addf(&name, "%s.%s", of, key);
		request_param(x, name.ptr, value);
	}
	buf_done(&name);
}

void tool_rest(struct exchange *x, const json_t *v, const json_t *f)
{
	static const char *const known[] = {
		"type",	       "function",	"custom",
		"name",	       "parameters",	"strict",
		"description", "cache_control", "parameter_definitions",
		NULL
	};

	request_rest(x, "tools", v, known);
	if (f != v)
		request_rest(x, "tools", f, known);
}
