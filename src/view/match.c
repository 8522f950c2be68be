/* SPDX-License-Identifier: MIT */
#include "view/match.h"

#include <nettle/sha2.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "json/read.h"
#include "view/match_int.h"
#include "view/volatile.h"

/* Values whose hashes are kept of a body; more are compared by the digest alone. */
#define VALUES_MAX 16384

#define PATH_MAX_BYTES 4096
#define HASH_BEGIN     0xcbf29ce484222325 /* FNV-1a */

/* ---- one value after the other ---- */

struct walk {
	struct sha256_ctx sha;
	struct match *m;
	struct buf path;
};

static uint64_t hash_more(uint64_t h, struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		h = (h ^ s.ptr[i]) * 0x100000001b3;
	return h;
}

/* With its length, so that neighbours cannot run into each other. */
static void digest_span(struct sha256_ctx *sha, struct span s)
{
	uint8_t len[8];

	put_le(len, s.len, sizeof(len));
	sha256_update(sha, sizeof(len), len);
	if (s.len)
		sha256_update(sha, s.len, s.ptr);
}

static void add_value(struct walk *w, char kind, struct span value)
{
	uint64_t h = hash_more(HASH_BEGIN, buf_span(&w->path));

	digest_span(&w->sha, buf_span(&w->path));
	digest_span(&w->sha, span_of(&kind, 1));
	digest_span(&w->sha, value);
	if (w->m->count == VALUES_MAX)
		return;
	w->m->values = xgrow(w->m->values, w->m->count, sizeof(*w->m->values));
	w->m->values[w->m->count++] = hash_more(hash_more(h, span_of(&kind, 1)), value);
}

static void walk_value(struct walk *w, const json_t *v);

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void walk_object(struct walk *w, const json_t *v)
{
	size_t count = 0, before = w->path.len;
	const char **names = xcalloc(json_object_size(v) + 1, sizeof(*names));
	const char *name;
	json_t *member;

	json_object_foreach((json_t *)v, name, member)
		names[count++] = name;
	qsort(names, count, sizeof(*names), by_name);
	for (size_t i = 0; i < count; i++) {
		match_path_member(&w->path, names[i]);
		if (!volatile_member(buf_span(&w->path))) {
			/* A path may be cut. */
			digest_span(&w->sha, span_str(names[i]));
			walk_value(w, json_object_get(v, names[i]));
		}
		match_path_back(&w->path, before);
	}
	free(names);
}

static void walk_array(struct walk *w, const json_t *v)
{
	size_t before = w->path.len;

	for (size_t i = 0; i < json_array_size(v); i++) {
		match_path_item(&w->path, i);
		walk_value(w, json_array_get(v, i));
		match_path_back(&w->path, before);
	}
}

static void walk_value(struct walk *w, const json_t *v)
{
	struct buf text;

	/* Containers count too: one may be empty. */
	match_value_init(v, &text);
	add_value(w, match_kind(v), buf_span(&text));
	buf_done(&text);
	if (json_is_object(v))
		walk_object(w, v);
	else if (json_is_array(v))
		walk_array(w, v);
}

/* ---- method, target and body ---- */

static void walk_target(struct walk *w, const struct match_request *r)
{
	struct match_target t;
	struct sha256_ctx place;

	match_target_init(&t, r->target);
	sha256_init(&place);
	digest_span(&place, r->method);
	digest_span(&place, t.path);
	sha256_digest(&place, sizeof(w->m->place), w->m->place);
	digest_span(&w->sha, r->method);
	digest_span(&w->sha, t.path);
	for (size_t i = 0; i < t.count; i++) {
		digest_span(&w->sha, t.query[i]);
		w->m->query = hash_more(hash_more(w->m->query, t.query[i]), SPAN_LIT("&"));
	}
}

static void walk_body(struct walk *w, const struct match_request *r, struct limits *lim)
{
	json_t *v = match_json(r->body, lim);
	struct buf text;

	if (v) {
		walk_value(w, v);
		json_decref(v);
		return;
	}
	match_bytes_init(r, &text);
	add_value(w, 'b', buf_span(&text));
	buf_done(&text);
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

void match_init(struct match *m, const struct match_request *r, struct limits *lim)
{
	struct walk w = { .m = m };

	*m = (struct match){ .query = HASH_BEGIN };
	buf_init(&w.path, PATH_MAX_BYTES);
	sha256_init(&w.sha);
	walk_target(&w, r);
	walk_body(&w, r, lim);
	sha256_digest(&w.sha, sizeof(m->digest), m->digest);
	buf_done(&w.path);
	qsort(m->values, m->count, sizeof(*m->values), by_number);
}

void match_done(struct match *m)
{
	free(m->values);
	*m = (struct match){ 0 };
}

/* ---- which is nearest ---- */

bool match_same_place(const struct match *a, const struct match *b)
{
	return memcmp(a->place, b->place, sizeof(a->place)) == 0;
}

bool match_same_query(const struct match *a, const struct match *b)
{
	return a->query == b->query;
}

unsigned match_likeness(const struct match *a, const struct match *b)
{
	size_t i = 0, j = 0, same = 0;

	while (i < a->count && j < b->count) {
		uint64_t x = a->values[i], y = b->values[j];

		same += x == y;
		i += x <= y;
		j += y <= x;
	}
	return a->count + b->count ? (unsigned)(2000 * same / (a->count + b->count)) : 1000;
}
