/* SPDX-License-Identifier: MIT */
/* Where a request first differs from a recorded one, for people. */
#include "json/text.h"
#include "json/write.h"
#include "view/match_int.h"
#include "view/volatile.h"

/* Of each text, so much is shown around the first byte that differs. */
#define SHOWN_BEFORE 24
#define SHOWN	     60
#define PATH_SHOWN   400

struct comparing {
	struct buf path;
	struct buf *out;
	bool found;
};

/* ---- values ---- */

static bool is_within_character(struct span s, size_t at)
{
	return at < s.len && (s.ptr[at] & 0xc0) == 0x80;
}

/* The text from a little before `at`, quoted. */
static void add_excerpt(struct buf *out, struct span s, size_t at)
{
	size_t from = at > SHOWN_BEFORE ? at - SHOWN_BEFORE : 0, end;
	json_t *text;

	while (from && is_within_character(s, from))
		from--;
	end = s.len - from > SHOWN ? from + SHOWN : s.len;
	while (end > from && is_within_character(s, end))
		end--;
	text = json_from_bytes(span_first(span_from(s, from), end - from));
	buf_adds(out, from ? "..." : "");
	json_write(text, out);
	buf_adds(out, end < s.len ? "..." : "");
	json_decref(text);
}

static size_t common(struct span a, struct span b)
{
	size_t n = 0;

	while (n < a.len && n < b.len && a.ptr[n] == b.ptr[n])
		n++;
	return n;
}

static void add_value(struct buf *out, const json_t *v, struct span text, size_t at)
{
	switch (match_kind(v)) {
	case 's':
		add_excerpt(out, text, at);
		break;
	case 'o':
		buf_adds(out, "an object");
		break;
	case 'a':
		buf_adds(out, "an array");
		break;
	default:
		json_write(v, out);
	}
}

/* ---- two trees ---- */

static void begin(struct comparing *c)
{
	c->found = true;
	buf_adds(c->out, c->path.len ? "at " : "in the body");
	buf_add(c->out, buf_span(&c->path));
	buf_adds(c->out, ": ");
}

static void compare_scalars(struct comparing *c, const json_t *a, const json_t *b)
{
	struct buf x, y;
	size_t at;

	match_value_init(a, &x);
	match_value_init(b, &y);
	if (match_kind(a) != match_kind(b) || !span_eq(buf_span(&x), buf_span(&y))) {
		at = common(buf_span(&x), buf_span(&y));
		begin(c);
		add_value(c->out, a, buf_span(&x), at);
		buf_adds(c->out, " instead of ");
		add_value(c->out, b, buf_span(&y), at);
	}
	buf_done(&x);
	buf_done(&y);
}

static void compare(struct comparing *c, const json_t *a, const json_t *b);

static void say(struct comparing *c, const char *what)
{
	begin(c);
	buf_adds(c->out, what);
}

/* Members of the recorded one in their order, then those that it lacks. */
static void compare_objects(struct comparing *c, const json_t *a, const json_t *b)
{
	size_t before = c->path.len;
	const char *name;
	json_t *member;

	json_object_foreach((json_t *)b, name, member) {
		const json_t *own = json_object_get(a, name);

		match_path_member(&c->path, name);
		if (!c->found && !volatile_member(buf_span(&c->path))) {
			if (own)
				compare(c, own, member);
			else
				say(c, "it is missing");
		}
		match_path_back(&c->path, before);
	}
	json_object_foreach((json_t *)a, name, member) {
		match_path_member(&c->path, name);
		if (!c->found && !json_object_get(b, name) && !volatile_member(buf_span(&c->path)))
			say(c, "it was not recorded");
		match_path_back(&c->path, before);
	}
}

static void compare_arrays(struct comparing *c, const json_t *a, const json_t *b)
{
	size_t n = json_array_size(a), m = json_array_size(b), before = c->path.len;

	for (size_t i = 0; !c->found && (i < n || i < m); i++) {
		match_path_item(&c->path, i);
		if (i >= n)
			say(c, "it is missing");
		else if (i >= m)
			say(c, "it was not recorded");
		else
			compare(c, json_array_get(a, i), json_array_get(b, i));
		match_path_back(&c->path, before);
	}
}

static void compare(struct comparing *c, const json_t *a, const json_t *b)
{
	if (json_is_object(a) && json_is_object(b))
		compare_objects(c, a, b);
	else if (json_is_array(a) && json_is_array(b))
		compare_arrays(c, a, b);
	else
		compare_scalars(c, a, b);
}

/* ---- requests ---- */

static bool compare_targets(const struct match_request *a, const struct match_request *b,
			    struct buf *out)
{
	struct match_target x, y;
	bool same_path, same;

	match_target_init(&x, a->target);
	match_target_init(&y, b->target);
	same_path = span_eq(x.path, y.path);
	same = same_path && x.count == y.count && span_eq(a->method, b->method);
	for (size_t i = 0; same && i < x.count; i++)
		same = span_eq(x.query[i], y.query[i]);
	if (same)
		return false;
	buf_addf(out, "in the %s: ",
		 !span_eq(a->method, b->method) ? "method"
		 : same_path			? "query"
						: "path");
	buf_addf(out, "%.*s %.*s instead of ", (int)a->method.len, (const char *)a->method.ptr,
		 (int)span_first(a->target, PATH_SHOWN).len, (const char *)a->target.ptr);
	buf_addf(out, "%.*s %.*s", (int)b->method.len, (const char *)b->method.ptr,
		 (int)span_first(b->target, PATH_SHOWN).len, (const char *)b->target.ptr);
	return true;
}

static void compare_bytes(const struct match_request *a, const struct match_request *b,
			  struct buf *out)
{
	struct buf x, y;

	match_bytes_init(a, &x);
	match_bytes_init(b, &y);
	if (!span_eq(buf_span(&x), buf_span(&y)))
		buf_addf(out, "in the body: from byte %zu on", common(buf_span(&x), buf_span(&y)));
	buf_done(&x);
	buf_done(&y);
}

void match_difference(const struct match_request *asked, const struct match_request *recorded,
		      struct limits *lim, struct buf *out)
{
	struct comparing c = { .out = out };
	json_t *a, *b;

	if (compare_targets(asked, recorded, out))
		return;
	a = match_json(asked->body, lim);
	b = match_json(recorded->body, lim);
	buf_init(&c.path, PATH_SHOWN);
	if (a && b)
		compare(&c, a, b);
	else if (a || b)
		buf_addf(out, "in the body: %s JSON", a ? "it is" : "it is no");
	else
		compare_bytes(asked, recorded, out);
	buf_done(&c.path);
	json_decref(a);
	json_decref(b);
}
