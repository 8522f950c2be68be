/* SPDX-License-Identifier: MIT */
#include "web/shorten.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "base/xalloc.h"
#include "select/amount.h"

#define DEPTH_MAX 64
#define KEY_MAX	  256

/* Where we are below the nearest object. */
struct place {
	json_t *object;
	struct buf way;
	size_t *left;
	unsigned depth;
};

static json_t *short_text(struct place *p, const json_t *v)
{
	size_t len = json_string_length(v);
	size_t max = *p->left < SHORT_TEXT ? *p->left : SHORT_TEXT, end;
	json_t *told;

	max = max < SHORT_LEAST ? SHORT_LEAST : max;
	*p->left -= len < *p->left ? len : *p->left;
	if (len <= max)
		return NULL;
	end = utf8_whole(span_of(json_string_value(v), max));
	told = json_object_get(p->object, "shortened");
	if (!json_is_object(told)) {
		told = json_object();
		json_object_set_new(p->object, "shortened", told);
	}
	json_object_set_new_nocheck(told, p->way.ptr ? p->way.ptr : "",
				    json_integer((json_int_t)len));
	return json_stringn(json_string_value(v), end);
}

static void walk(struct place *p, json_t *v);

/* The value that takes its place; NULL: it stays. */
static json_t *look(struct place *p, json_t *v)
{
	if (json_is_string(v))
		return short_text(p, v);
	if (p->depth < DEPTH_MAX)
		walk(p, v);
	return NULL;
}

static void walk_array(struct place *p, json_t *v)
{
	size_t len = p->way.len, i;
	json_t *item;

	json_array_foreach(v, i, item) {
		json_t *instead;

		buf_addf(&p->way, "%s%zu", len ? "/" : "", i);
		instead = look(p, item);
		if (instead)
			json_array_set_new(v, i, instead);
		p->way.len = len;
	}
}

static void walk_object(struct place *above, json_t *v)
{
	struct place p = { .object = v, .left = above->left, .depth = above->depth };
	void *next;

	buf_init(&p.way, KEY_MAX);
	for (void *i = json_object_iter(v); i; i = next) {
		const char *key = json_object_iter_key(i);
		json_t *instead;

		next = json_object_iter_next(v, i);
		buf_reset(&p.way);
		buf_adds(&p.way, key);
		instead = look(&p, json_object_iter_value(i));
		if (instead)
			json_object_iter_set_new(v, i, instead);
	}
	buf_done(&p.way);
}

static void walk(struct place *p, json_t *v)
{
	p->depth++;
	if (json_is_array(v))
		walk_array(p, v);
	else if (json_is_object(v))
		walk_object(p, v);
	p->depth--;
}

void shorten(json_t *v, size_t *left)
{
	struct place p = { .object = v, .left = left };

	buf_init(&p.way, KEY_MAX);
	walk(&p, v);
	buf_done(&p.way);
}

/* ---- one text ---- */

/* "~1" is a slash, "~0" a tilde. */
static char *unescaped(const char *s, size_t len)
{
	char *key = xstrndup(s, len), *out = key;

	for (const char *in = key; *in; in++) {
		bool escape = *in == '~' && (in[1] == '0' || in[1] == '1');

		*out++ = escape ? in[1] == '1' ? '/' : '~' : *in;
		in += escape;
	}
	*out = '\0';
	return key;
}

const json_t *shorten_find(const json_t *v, const char *at)
{
	while (v && *at == '/') {
		size_t len = strcspn(at + 1, "/");
		AUTO_FREE char *key = unescaped(at + 1, len);
		uint64_t i;

		at += len + 1;
		if (json_is_array(v))
			v = amount_number(key, INT32_MAX, &i) == 0 ? json_array_get(v, i) : NULL;
		else
			v = json_object_get(v, key);
	}
	return !*at && json_is_string(v) ? v : NULL;
}
