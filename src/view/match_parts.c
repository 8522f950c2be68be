/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "json/number.h"
#include "json/read.h"
#include "view/match_int.h"
#include "view/volatile.h"

#define BYTES_MAX (SIZE_MAX / 4)

/* ---- targets ---- */

/* Clients of proxies name the server in the target. */
static struct span without_origin(struct span target)
{
	static const struct span schemes[] = { SPAN_LIT("http://"), SPAN_LIT("https://") };

	for (size_t i = 0; i < 2; i++)
		if (span_starts(target, schemes[i])) {
			struct span rest = span_from(target, schemes[i].len);

			return span_from(rest, span_find(rest, '/'));
		}
	return target;
}

static int by_bytes(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	size_t len = x->len < y->len ? x->len : y->len;
	int order = len ? memcmp(x->ptr, y->ptr, len) : 0;

	return order ? order : x->len < y->len ? -1 : x->len > y->len;
}

void match_target_init(struct match_target *t, struct span target)
{
	struct span whole = without_origin(target);
	size_t at = span_find(whole, '?');
	struct span rest = span_from(whole, at + 1);

	t->path = span_first(whole, at);
	t->count = 0;
	while (rest.len) {
		bool last = t->count == MATCH_QUERY_MAX - 1;
		size_t end = last ? rest.len : span_find(rest, '&');
		struct span p = span_first(rest, end);

		if (p.len && !volatile_query(span_first(p, span_find(p, '='))))
			t->query[t->count++] = p;
		rest = span_from(rest, end + 1);
	}
	qsort(t->query, t->count, sizeof(*t->query), by_bytes);
}

/* ---- bodies ---- */

json_t *match_json(struct span body, struct limits *lim)
{
	bool partial = false;
	json_t *v = json_read(lim, body, &partial);

	if (!partial)
		return v;
	json_decref(v);
	return NULL;
}

static struct span boundary_of(struct span type)
{
	static const struct span name = SPAN_LIT("boundary=");

	if (!span_caseeq(span_first(type, 10), SPAN_LIT("multipart/")))
		return span_of(NULL, 0);
	while (type.len && !span_caseeq(span_first(type, name.len), name))
		type = span_from(type, 1);
	type = span_from(type, name.len);
	if (span_starts(type, SPAN_LIT("\"")))
		return span_first(span_from(type, 1), span_find(span_from(type, 1), '"'));
	return span_trim(span_first(type, span_find(type, ';')));
}

void match_bytes_init(const struct match_request *r, struct buf *out)
{
	struct span rest = r->body, mark = boundary_of(r->type);
	const uint8_t *at;

	buf_init(out, BYTES_MAX);
	while (mark.len && rest.len && (at = memmem(rest.ptr, rest.len, mark.ptr, mark.len))) {
		buf_add(out, span_first(rest, (size_t)(at - rest.ptr)));
		rest = span_from(rest, (size_t)(at - rest.ptr) + mark.len);
	}
	buf_add(out, rest);
}

/* ---- values ---- */

char match_kind(const json_t *v)
{
	if (json_number_is(v))
		return 'n';
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return 'o';
	case JSON_ARRAY:
		return 'a';
	case JSON_STRING:
		return 's';
	case JSON_TRUE:
		return 't';
	case JSON_FALSE:
		return 'f';
	default:
		return '0';
	}
}

/* 1, 1.0 and 1e0 are the same; what a double cannot tell apart is compared as it was written. */
static void add_number(const json_t *v, struct buf *out)
{
	char room[JSON_NUMBER_SIZE];
	double d = json_number_double(v);

	if (!json_is_integer(v) && isfinite(d) && fabs(d) < 9e15)
		buf_addf(out, "%.17g", d);
	else
		buf_add(out, json_number_text(v, room));
}

void match_value_init(const json_t *v, struct buf *out)
{
	struct span text = span_of(json_string_value(v), json_string_length(v));

	buf_init(out, BYTES_MAX);
	if (json_number_is(v))
		add_number(v, out);
	else if (json_is_string(v) && !volatile_text(text, out))
		buf_add(out, text);
}

/* ---- paths ---- */

void match_path_member(struct buf *path, const char *name)
{
	if (path->len)
		buf_addc(path, '.');
	buf_adds(path, name);
}

void match_path_item(struct buf *path, size_t i)
{
	buf_addf(path, "[%zu]", i);
}

void match_path_back(struct buf *path, size_t len)
{
	path->len = len;
	path->full = false;
}
