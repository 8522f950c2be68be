/* SPDX-License-Identifier: MIT */
/* Keys that show by their shape what they are, and private keys in PEM. */
#include <string.h>

#include "redact/redact_int.h"

enum needs {
	NEEDS_NOTHING,
	NEEDS_MIX, /* a digit or a capital */
	NEEDS_DIGIT,
	NEEDS_DOT,
};

static const struct shape {
	const char *prefix;
	size_t len;
	unsigned set;
	size_t min;
	enum needs needs;
} shapes[] = {
#define GROUP(name, letter)
#define SHAPE(prefix, set, min, needs) { prefix, sizeof(prefix) - 1, set, min, needs },
#include "redact/key_shapes.def"
#undef GROUP
#undef SHAPE
	{ "", 0, 0, 0, NEEDS_NOTHING },
};

/* Where each letter's shapes begin. */
#define ROW_AT(line) ROW_##line
#define ROW_OF(line) ROW_AT(line)
enum {
#define GROUP(name, letter)	       BEGIN_##name, BEFORE_##name = BEGIN_##name - 1,
#define SHAPE(prefix, set, min, needs) ROW_OF(__LINE__),
#include "redact/key_shapes.def"
#undef GROUP
#undef SHAPE
};

/* Plus 1; 0: nothing begins so. */
static const uint8_t first_shape[256] = {
#define GROUP(name, letter) [letter] = BEGIN_##name + 1,
#define SHAPE(prefix, set, min, needs)
#include "redact/key_shapes.def"
#undef GROUP
#undef SHAPE
};

const uint8_t redact_acts[256] = {
	['"'] = ACT_ALWAYS, ['\''] = ACT_ALWAYS, ['\\'] = ACT_ALWAYS,
	[':'] = ACT_ALWAYS, ['='] = ACT_ALWAYS,	 ['-'] = ACT_ALWAYS,
#define GROUP(name, letter) [letter] = ACT_BEGIN,
#define SHAPE(prefix, set, min, needs)
#include "redact/key_shapes.def"
#undef GROUP
#undef SHAPE
};

static bool has_needed(const struct shape *k, struct span rest)
{
	size_t dot;

	switch (k->needs) {
	case NEEDS_NOTHING:
		return true;
	case NEEDS_MIX:
		return has(rest, SET_UPPER);
	case NEEDS_DIGIT:
		return has(rest, SET_DIGIT);
	case NEEDS_DOT:
		dot = span_find(rest, '.');
		return dot >= 8 && dot + 8 < rest.len && rest.ptr[dot + 1] != '.';
	}
	return false;
}

static enum verdict try_shape(struct scan *c, const struct shape *k, struct span w)
{
	struct span prefix = span_of(k->prefix, k->len), rest;

	if (w.len < prefix.len)
		return span_starts(prefix, w) ? undecided(c, w) : NO;
	if (!span_starts(w, prefix))
		return NO;
	rest = span_from(w, prefix.len);
	rest = span_first(rest, run_of(rest, 0, k->set));
	if (rest.len >= k->min && has_needed(k, rest))
		return YES;
	if (prefix.len + rest.len < w.len)
		return NO;
	c->safe = prefix.len < c->safe ? prefix.len : c->safe;
	return undecided(c, w);
}

/* At the beginning of a word. */
enum verdict scan_at_shape(struct scan *c)
{
	struct span w = window(c);
	const struct shape *k = &shapes[first_shape[w.ptr[0]] - 1];
	enum verdict all = NO, v;

	for (; (uint8_t)k->prefix[0] == w.ptr[0]; k++) {
		if (w.len > 1 && k->prefix[1] != (char)w.ptr[1])
			continue;
		v = try_shape(c, k, w);
		if (v == YES) {
			mask(c, k->len, IN_RUN, k->set);
			return YES;
		}
		all = v == MORE ? MORE : all;
	}
	return all;
}

/* "-----BEGIN RSA PRIVATE KEY-----" */
enum verdict scan_at_pem(struct scan *c)
{
	static const struct span begin = SPAN_LIT("-----BEGIN "), key = SPAN_LIT("PRIVATE KEY");
	struct span w = span_first(window(c), 80), rest;
	size_t len;

	if (w.len < begin.len)
		return span_starts(begin, w) ? undecided(c, window(c)) : NO;
	if (!span_starts(w, begin))
		return NO;
	rest = span_from(w, begin.len);
	for (len = 0; len < rest.len && (in_set(rest.ptr[len], SET_UPPER) || rest.ptr[len] == ' ');)
		len++;
	if (len == rest.len || rest.len < len + 5)
		return w.len < 80 ? undecided(c, window(c)) : NO;
	if (!span_starts(span_from(rest, len), SPAN_LIT("-----")) ||
	    !memmem(rest.ptr, len, key.ptr, key.len))
		return NO;
	mask(c, begin.len + len + 5, IN_PEM, 0);
	return YES;
}

bool scan_may_begin_shape(uint8_t c, uint8_t next)
{
	const struct shape *k;

	if (!first_shape[c])
		return false;
	k = &shapes[first_shape[c] - 1];
	while ((uint8_t)k->prefix[0] == c && k->prefix[1] != (char)next)
		k++;
	return (uint8_t)k->prefix[0] == c;
}

bool scan_may_be_shape(uint8_t c)
{
	return first_shape[c];
}
