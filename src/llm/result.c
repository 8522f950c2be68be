/* SPDX-License-Identifier: MIT */
#include "llm/result.h"

#include "base/str.h"
#include "llm/json.h"

/* Of what is looked into: contents of messages in an element of a list. */
#define DEPTH 6

static bool is_text(const json_t *v)
{
	struct span type = json_text(v, "type");

	return json_is_text(v) || (json_is_text(json_object_get(v, "text")) &&
				   (!type.len || span_ends(type, SPAN_LIT("text"))));
}

static struct span text_of(const json_t *v)
{
	return json_is_text(v) ? json_span(v) : json_text(v, "text");
}

/* The value without what is binary in it, which gets its parts; NULL: it is that as a whole. */
static json_t *without_binary(struct exchange *x, struct message *m, const json_t *v,
			      binary_fn binary, unsigned depth)
{
	size_t before = m->nparts;
	json_t *copy, *item, *rest;
	const char *key;
	size_t i;

	if (is_text(v) || !depth || !(json_is_object(v) || json_is_array(v)))
		return json_incref((json_t *)v);
	if (json_is_object(v) && binary(x, m, v))
		return NULL;
	copy = json_is_object(v) ? json_object() : json_array();
	json_object_foreach((json_t *)v, key, item) {
		rest = without_binary(x, m, item, binary, depth - 1);
		if (rest)
			json_object_set_new(copy, key, rest);
	}
	json_array_foreach(v, i, item) {
		rest = without_binary(x, m, item, binary, depth - 1);
		if (rest)
			json_array_append_new(copy, rest);
	}
	if (m->nparts > before)
		return copy;
	json_decref(copy);
	return json_incref((json_t *)v);
}

/* Gives the binary elements their parts. Returns whether there was any; *ret_rest are the others, a
 * new list. */
static bool take_binary(struct exchange *x, struct message *m, const json_t *list, binary_fn binary,
			json_t *rest)
{
	size_t before = m->nparts, i;
	const json_t *v;
	struct span id;

	json_array_foreach(list, i, v)
		json_array_append_new(rest, without_binary(x, m, v, binary, DEPTH));
	id = span_str(m->parts[before - 1].id);
	for (i = before; i < m->nparts; i++)
		if (!m->parts[i].id)
			set_string(&m->parts[i].id, id);
	return m->nparts > before;
}

void result_lines(struct part *p, const json_t *rest)
{
	const json_t *v;
	size_t i;

	json_array_foreach(rest, i, v) {
		if (p->text.len)
			buf_addc(&p->text, '\n');
		if (is_text(v) && (json_is_text(v) || json_is_bare_text(v)))
			buf_add(&p->text, text_of(v));
		else
			part_json(p, v);
	}
}

void result_content(struct exchange *x, struct message *m, const json_t *content, binary_fn binary)
{
	size_t place = m->nparts - 1;
	json_t *wrapped = NULL, *rest = json_array();

	if (json_is_object(content) && !is_text(content)) {
		wrapped = json_array();
		json_array_append(wrapped, (json_t *)content);
	}
	if (take_binary(x, m, wrapped ? wrapped : content, binary, rest))
		result_lines(&m->parts[place], rest);
	else
		part_json(&m->parts[place], json_lone_text(content));
	json_decref(rest);
	json_decref(wrapped);
}
