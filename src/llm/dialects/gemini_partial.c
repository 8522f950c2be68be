/* SPDX-License-Identifier: MIT */
#include "llm/dialects/gemini_partial.h"

#include <stdlib.h>

#include "exchange/redact.h"
#include "base/utf8.h"
#include "json/write.h"
#include "llm/json.h"

#define DEPTH_MAX 32
#define INDEX_MAX 1024
#define KEY_MAX	  256

void gemini_partial_done(struct gemini_partial *s)
{
	json_decref(s->args);
	s->args = NULL;
}

/* ---- paths: $.colour, $.coats[0].litres, $['a b'] ---- */

struct step {
	char key[KEY_MAX]; /* "": an element of a list */
	size_t index;
};

static bool quoted_key(struct span *s, struct step *st)
{
	uint8_t quote = s->ptr[0];
	struct span rest = span_from(*s, 1);
	size_t len = span_find(rest, quote);

	if (len == 0 || len >= KEY_MAX || len + 1 >= rest.len || rest.ptr[len + 1] != ']')
		return false;
	memcpy(st->key, rest.ptr, len);
	st->key[len] = '\0';
	*s = span_from(rest, len + 2);
	return true;
}

static bool number_of(struct span *s, struct step *st)
{
	size_t at = 0;

	st->key[0] = '\0';
	st->index = 0;
	while (at < s->len && s->ptr[at] >= '0' && s->ptr[at] <= '9' && st->index <= INDEX_MAX)
		st->index = st->index * 10 + (size_t)(s->ptr[at++] - '0');
	if (!at || at == s->len || s->ptr[at] != ']' || st->index > INDEX_MAX)
		return false;
	*s = span_from(*s, at + 1);
	return true;
}

static bool plain_key(struct span *s, struct step *st)
{
	size_t len = 0;

	while (len < s->len && s->ptr[len] != '.' && s->ptr[len] != '[')
		len++;
	if (!len || len >= KEY_MAX)
		return false;
	memcpy(st->key, s->ptr, len);
	st->key[len] = '\0';
	*s = span_from(*s, len);
	return true;
}

static bool next_step(struct span *s, struct step *st)
{
	uint8_t mark = s->ptr[0];

	*s = span_from(*s, 1);
	if (!s->len)
		return false;
	if (mark == '[')
		return s->ptr[0] == '\'' || s->ptr[0] == '"' ? quoted_key(s, st) : number_of(s, st);
	return mark == '.' && plain_key(s, st);
}

static json_t *child_of(json_t *v, const struct step *st)
{
	return st->key[0] ? json_object_get(v, st->key) : json_array_get(v, st->index);
}

static bool set_child(json_t *v, const struct step *st, json_t *value)
{
	if (st->key[0])
		return json_object_set_new(v, st->key, value) == 0;
	while (json_is_array(v) && json_array_size(v) < st->index)
		json_array_append_new(v, json_null());
	if (json_array_size(v) == st->index)
		return json_array_append_new(v, value) == 0;
	return json_array_set_new(v, st->index, value) == 0;
}

/* ---- pieces ---- */

static json_t *joined(const json_t *before, const json_t *text)
{
	struct span a = json_span(before), b = json_span(text);
	uint32_t first = utf8_first_half(a), second = utf8_second_half(b);
	struct buf all;
	json_t *v;

	buf_init(&all, a.len + b.len);
	if (first && second) {
		buf_add(&all, span_first(a, a.len - UTF8_HALF_SIZE));
		utf8_pair(first, second, &all);
		b = span_from(b, UTF8_HALF_SIZE);
	} else {
		buf_add(&all, a);
	}
	buf_add(&all, b);
	/* Half a character at its end stays until the next piece comes. */
	v = json_stringn_nocheck(all.len ? all.ptr : "", all.len);
	buf_done(&all);
	return v;
}

static json_t *value_of(const json_t *piece, const json_t *before)
{
	static const char *const names[] = { "numberValue", "number_value", "boolValue",
					     "bool_value", NULL };
	const json_t *text = json_either(piece, "stringValue", "string_value");

	if (text)
		return joined(before, text);
	for (size_t i = 0; names[i]; i++)
		if (json_has(piece, names[i]))
			return json_incref(json_object_get(piece, names[i]));
	return json_null();
}

/* False: the path leads nowhere. */
static bool set_piece(json_t *args, const json_t *piece)
{
	struct span path = json_span(json_either(piece, "jsonPath", "json_path"));
	struct step st = { .key = "" }, next;
	json_t *at = args, *child;

	if (!span_starts(path, SPAN_LIT("$")))
		return false;
	path = span_from(path, 1);
	if (!path.len || !next_step(&path, &st))
		return false;
	for (unsigned depth = 0; path.len && depth < DEPTH_MAX; depth++) {
		if (!next_step(&path, &next))
			return false;
		child = child_of(at, &st);
		if (!json_is_object(child) && !json_is_array(child)) {
			child = next.key[0] ? json_object() : json_array();
			if (!set_child(at, &st, child))
				return false;
		}
		at = child;
		st = next;
	}
	return !path.len && set_child(at, &st, value_of(piece, child_of(at, &st)));
}

/* ---- the call ---- */

static struct part *part_of(const struct gemini_partial *s, struct exchange *x)
{
	struct message *m = &answer_choice(x, s->choice)->msg;

	return s->part < m->nparts ? &m->parts[s->part] : NULL;
}

static void write_args(struct gemini_partial *s, struct exchange *x)
{
	struct part *p = part_of(s, x);

	if (!p)
		return;
	redact_part_reset(p);
	json_write(s->args, &p->text);
	s->written = s->fed;
}

static void feed(struct gemini_partial *s, struct exchange *x, const json_t *call)
{
	const json_t *pieces = json_either(call, "partialArgs", "partial_args"), *v;
	bool more = json_is_true(json_either(call, "willContinue", "will_continue"));
	size_t i;

	json_each(pieces, i, v) {
		x->response_partial |= !set_piece(s->args, v);
		s->fed += 64 + json_span(json_either(v, "stringValue", "string_value")).len;
	}
	/* Written anew for each piece, long arguments would take for ever. */
	if (!more || s->fed >= 2 * s->written)
		write_args(s, x);
	if (!more) {
		answer_shown(x, s->choice, part_of(s, x));
		gemini_partial_done(s);
	}
}

void gemini_partial_end(struct gemini_partial *s, struct exchange *x)
{
	if (!s->args)
		return;
	write_args(s, x);
	x->response_partial = true;
	gemini_partial_done(s);
}

void gemini_partial_begin(struct gemini_partial *s, struct exchange *x, unsigned choice,
			  size_t part, const json_t *call)
{
	gemini_partial_end(s, x);
	*s = (struct gemini_partial){ .args = json_object(), .choice = choice, .part = part };
	feed(s, x, call);
}

bool gemini_partial_feed(struct gemini_partial *s, struct exchange *x, const json_t *call)
{
	if (!s->args || json_has(call, "name"))
		return false;
	feed(s, x, call);
	return true;
}
