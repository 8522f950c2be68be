/* SPDX-License-Identifier: MIT */
#include "llm/json_repair.h"

#include <errno.h>

#include "base/utf8.h"

struct scan {
	char stack[JSON_DEPTH_MAX]; /* the closing mark of each open object or array */
	size_t depth;
	size_t safe; /* what precedes can be closed by the stack's marks alone */
	bool in_string, is_key, escaped;
	bool key_next; /* an object's next string names a member */
	size_t escape; /* where the last escape began */
};

static int open_mark(struct scan *c, char close, size_t at)
{
	if (c->depth == JSON_DEPTH_MAX)
		return -EPROTO;
	c->stack[c->depth++] = close;
	c->safe = at + 1;
	c->key_next = close == '}';
	return 0;
}

static int close_mark(struct scan *c, char mark, size_t at)
{
	if (!c->depth || c->stack[c->depth - 1] != mark)
		return -EPROTO;
	c->depth--;
	c->safe = at + 1;
	c->key_next = false;
	return 0;
}

static int outside(struct scan *c, char b, size_t at)
{
	switch (b) {
	case '{':
		return open_mark(c, '}', at);
	case '[':
		return open_mark(c, ']', at);
	case '}':
	case ']':
		return close_mark(c, b, at);
	case '"':
		c->in_string = true;
		c->is_key = c->key_next;
		c->key_next = false;
		return 0;
	case ',':
		/* The value before it is whole: numbers and literals have no end of their own. */
		c->safe = at;
		c->key_next = c->depth && c->stack[c->depth - 1] == '}';
		return 0;
	default:
		return 0;
	}
}

static void inside(struct scan *c, char b, size_t at)
{
	if (c->escaped) {
		c->escaped = false;
	} else if (b == '\\') {
		c->escaped = true;
		c->escape = at;
	} else if (b == '"') {
		c->in_string = false;
		if (!c->is_key)
			c->safe = at + 1;
	}
}

/* Where a string that was cut can end: before a torn escape or character. */
static size_t string_stop(const struct scan *c, struct span s)
{
	size_t from_escape = s.len - c->escape;

	if (c->escaped)
		return c->escape;
	if (c->escape && s.ptr[c->escape + 1] == 'u' && from_escape < 6)
		return c->escape;
	return utf8_whole(s);
}

int json_repair(struct span s, struct buf *out)
{
	struct scan c = { 0 };
	int err = 0;

	for (size_t i = 0; i < s.len && !err; i++) {
		if (c.in_string)
			inside(&c, (char)s.ptr[i], i);
		else
			err = outside(&c, (char)s.ptr[i], i);
	}
	if (err || !c.safe)
		return -EPROTO;
	if (c.in_string && !c.is_key) {
		buf_add(out, span_first(s, string_stop(&c, s)));
		buf_addc(out, '"');
	} else {
		buf_add(out, span_first(s, c.safe));
	}
	while (c.depth)
		buf_addc(out, c.stack[--c.depth]);
	return 0;
}
