/* SPDX-License-Identifier: MIT */
#include "base/safe_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

struct range {
	uint32_t first, last;
};

static bool in_ranges(uint32_t code, const struct range *r, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (code >= r[i].first && code <= r[i].last)
			return true;
	return false;
}
#define IN(code, table) in_ranges(code, table, sizeof(table) / sizeof(*(table)))

#define ZERO(first, last) { first, last, 0 },
#define WIDE(first, last) { first, last, 2 },
static const struct columns {
	uint32_t first, last;
	unsigned columns;
} not_one[] = {
#include "base/columns.def"
};

static int find_range(const void *key, const void *row)
{
	uint32_t code = *(const uint32_t *)key;
	const struct columns *r = row;

	return code < r->first ? -1 : code > r->last;
}

unsigned safe_text_columns(uint32_t code)
{
	const struct columns *r;

	if (code < not_one[0].first)
		return 1;
	r = bsearch(&code, not_one, sizeof(not_one) / sizeof(*not_one), sizeof(*not_one),
		    find_range);
	return r ? r->columns : 1;
}

bool safe_text_is_unsafe(uint32_t code)
{
	/* Among those without a width: the fillers of Hangul, selectors of Mongolian and of forms,
	 * which can carry hidden bytes, invisible operators, and tags. */
	static const struct range unsafe[] = {
		{ 0x00, 0x1f },	      { 0x7f, 0x9f },	    { 0xad, 0xad },
		{ 0x34f, 0x34f },     { 0x61c, 0x61c },	    { 0x115f, 0x1160 },
		{ 0x17b4, 0x17b5 },   { 0x180b, 0x180f },   { 0x200b, 0x200b },
		{ 0x200e, 0x200f },   { 0x2028, 0x202e },   { 0x2060, 0x206f },
		{ 0x3164, 0x3164 },   { 0xfe00, 0xfe0d },   { 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },   { 0x1bca0, 0x1bca3 },
		{ 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
	};

	return IN(code, unsafe);
}

/* Scripts and emoji need joiners and selectors; after anything else they only hide. */
#define JOINED_FIRST 0x300

bool safe_text_is_hidden(uint32_t before, uint32_t code)
{
	switch (code) {
	case 0x200c:
	case 0x200d:
		return before < JOINED_FIRST;
	case 0xfe0e:
	case 0xfe0f: /* also after the digits of keys, and after (c) and (r) */
		return before < 0xa9 && !(before >= '0' && before <= '9') && before != '#' &&
		       before != '*';
	default:
		return false;
	}
}

size_t safe_text_escape(char ret[SAFE_TEXT_ESCAPE], uint32_t code)
{
	return (size_t)snprintf(ret, SAFE_TEXT_ESCAPE,
				code < 0x80	 ? "\\x%02x"
				: code < 0x10000 ? "\\u%04x"
						 : "\\U%08x",
				code);
}

void safe_text_next(struct span s, bool utf8, uint32_t before, struct safe_char *ret)
{
	size_t n = utf8_next(s, &ret->code);

	ret->taken = n ? n : 1;
	if (!n) {
		ret->code = 0;
		ret->len = (size_t)snprintf(ret->text, sizeof(ret->text), "\\x%02x", s.ptr[0]);
		ret->columns = (unsigned)ret->len;
	} else if (safe_text_is_unsafe(ret->code) || safe_text_is_hidden(before, ret->code) ||
		   (ret->code >= 0x80 && !utf8)) {
		ret->len = safe_text_escape(ret->text, ret->code);
		ret->columns = (unsigned)ret->len;
	} else {
		memcpy(ret->text, s.ptr, n);
		ret->len = n;
		ret->columns = safe_text_columns(ret->code);
	}
}

unsigned safe_text_add(struct buf *out, struct span s, bool utf8, unsigned max)
{
	struct safe_char c = { .code = 0 };
	unsigned columns = 0;

	while (s.len && columns < max) {
		safe_text_next(s, utf8, c.code, &c);
		buf_add(out, span_of(c.text, c.len));
		columns += c.columns;
		s = span_from(s, c.taken);
	}
	if (s.len) {
		buf_adds(out, "...");
		columns += 3;
	}
	return columns;
}
