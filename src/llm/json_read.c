/* SPDX-License-Identifier: MIT */
#include "llm/json_read.h"

#include <string.h>

#include "base/utf8.h"
#include "exchange/memory.h"
#include "llm/json_repair.h"

/* So short a text reaches no ceiling that matters: measuring it is not worth the time. */
#define SHORT 512
/* This part of the limit `memory` is there beside it for what is read. */
#define READING 8

/* ---- measuring ---- */

static bool is_space(uint8_t b)
{
	return b == ' ' || b == '\t' || b == '\r' || b == '\n';
}

/* Where the string that begins at `at` ends: behind its quote, or with the text. */
static size_t string_end(struct span s, size_t at)
{
	const uint8_t *quote;
	size_t from = at + 1, end = at + 1, backslashes;

	do {
		quote = end < s.len ? memchr(s.ptr + end, '"', s.len - end) : NULL;
		if (!quote)
			return s.len;
		end = (size_t)(quote - s.ptr) + 1;
		for (backslashes = 0; end - 2 - backslashes >= from; backslashes++)
			if (s.ptr[end - 2 - backslashes] != '\\')
				break;
		from = end;
	} while (backslashes % 2);
	return end;
}

/* Where a number or a literal that begins at `at` ends. */
static size_t scalar_end(struct span s, size_t at)
{
	static const char marks[] = "[]{}\",:";

	do
		at++;
	while (at < s.len && !is_space(s.ptr[at]) &&
	       (!s.ptr[at] || !strchr(marks, (char)s.ptr[at])));
	return at;
}

struct ceiling {
	struct limits *lim; /* NULL: nothing is counted */
	size_t depth, values, memory;
	enum limit which; /* that bounds memory */
};

static struct ceiling ceiling_of(struct limits *lim)
{
	struct limits defaults = { 0 };
	const struct limits *l = lim ? lim : &defaults;
	size_t max, left;

	limits_init(&defaults);
	/* Bodies alone may fill it, so there is some more for reading them. */
	max = l->max[LIMIT_memory] + l->max[LIMIT_memory] / READING;
	left = max > limits_memory(l) ? max - limits_memory(l) : 0;
	return (struct ceiling){
		.lim = lim,
		.depth = l->max[LIMIT_json_depth] < JSON_DEPTH_MAX ? l->max[LIMIT_json_depth]
								   : JSON_DEPTH_MAX,
		.values = l->max[LIMIT_json_values],
		.memory = left < l->max[LIMIT_json_memory] ? left : l->max[LIMIT_json_memory],
		.which = left < l->max[LIMIT_json_memory] ? LIMIT_memory : LIMIT_json_memory,
	};
}

static void hit(const struct ceiling *c, enum limit which)
{
	if (c->lim)
		limit_hit(c->lim, which);
}

struct measure {
	size_t fits; /* so many bytes are within values and memory; s.len: all */
	size_t deepest;
	enum limit which; /* that was reached */
};

static size_t token_end(struct span s, size_t at)
{
	if (s.ptr[at] == '"')
		return string_end(s, at);
	return s.ptr[at] == '[' || s.ptr[at] == '{' ? at + 1 : scalar_end(s, at);
}

static size_t token_memory(uint8_t first, size_t len)
{
	switch (first) {
	case '[':
		return JSON_ARRAY_MEMORY;
	case '{':
		return JSON_OBJECT_MEMORY;
	case '"':
		return JSON_STRING_MEMORY + len;
	default:
		return JSON_NUMBER_MEMORY;
	}
}

static struct measure measure(struct span s, const struct ceiling *c)
{
	size_t values = 0, memory = 0, depth = 0, end;
	struct measure m = { .fits = s.len };

	for (size_t at = 0; at < s.len; at = end) {
		uint8_t b = s.ptr[at];
		bool opens = b == '[' || b == '{', deep;

		end = at + 1;
		depth -= (b == ']' || b == '}') && depth > 0;
		if (is_space(b) || b == ',' || b == ':' || b == ']' || b == '}')
			continue;
		end = token_end(s, at);
		depth += opens;
		m.deepest = depth > m.deepest ? depth : m.deepest;
		deep = depth > c->depth; /* becomes null, once for all that is in it */
		if (deep && (!opens || depth > c->depth + 1))
			continue;
		memory += token_memory(deep ? 'n' : b, end - at);
		if (++values > c->values || memory > c->memory) {
			m.fits = at;
			m.which = values > c->values ? LIMIT_json_values : c->which;
			break;
		}
	}
	return m;
}

/* Copies `s` with null in the place of all that nests deeper than `max`. */
static void prune(struct span s, size_t max, struct buf *out)
{
	size_t depth = 0, from = 0, end;

	for (size_t at = 0; at < s.len; at = end) {
		uint8_t b = s.ptr[at];

		end = b == '"' ? string_end(s, at) : at + 1;
		if ((b == '[' || b == '{') && depth++ == max) {
			buf_add(out, span_of(s.ptr + from, at - from));
			buf_add(out, SPAN_LIT("null"));
			from = s.len;
		} else if ((b == ']' || b == '}') && depth && --depth == max) {
			from = end;
		}
	}
	buf_add(out, span_from(s, from));
}

/* ---- parsing ---- */

static json_t *parse(struct span s)
{
	json_error_t why;
	json_t *v = json_loadb((const char *)s.ptr, s.len, JSON_ALLOW_NUL, &why);

	/* Integers past 64 bits, as some send for seeds. */
	if (!v && json_error_code(&why) == json_error_numeric_overflow)
		v = json_loadb((const char *)s.ptr, s.len, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL,
			       NULL);
	return v;
}

/* `shortened`: it is known to be but a beginning. */
static json_t *read_text(struct span s, bool cut, bool shortened, bool *ret_partial)
{
	struct buf fixed, repaired;
	json_t *v = shortened ? NULL : parse(s);

	if (v)
		return v;
	/* A high surrogate alone, or bytes that are no text, would spoil the whole body. */
	buf_init(&fixed, s.len * 3 + 16);
	buf_init(&repaired, s.len * 3 + 16 + JSON_DEPTH_MAX);
	if (utf8_fix(s, &fixed) && !shortened)
		v = parse(buf_span(&fixed));
	if (!v && (cut || shortened) && json_repair(buf_span(&fixed), &repaired) == 0) {
		v = parse(buf_span(&repaired));
		*ret_partial = v != NULL;
	}
	buf_done(&fixed);
	buf_done(&repaired);
	return v;
}

json_t *json_read(struct limits *lim, struct span s, bool cut, bool *ret_partial)
{
	struct ceiling c = ceiling_of(lim);
	struct measure m = { .fits = s.len };
	struct buf pruned;
	json_t *v;
	bool partial = false;

	if (s.len > SHORT || s.len > c.depth || s.len > c.values ||
	    c.memory < SHORT * JSON_OBJECT_MEMORY)
		m = measure(s, &c);
	buf_init(&pruned, s.len * 2 + 16);
	if (m.deepest > c.depth) {
		hit(&c, LIMIT_json_depth);
		prune(span_first(s, m.fits), c.depth, &pruned);
		v = read_text(buf_span(&pruned), cut, m.fits < s.len, &partial);
	} else {
		v = m.fits ? read_text(span_first(s, m.fits), cut, m.fits < s.len, &partial) : NULL;
	}
	if (m.fits < s.len)
		hit(&c, m.which);
	*ret_partial = partial || m.fits < s.len || (v && m.deepest > c.depth);
	buf_done(&pruned);
	return v;
}
