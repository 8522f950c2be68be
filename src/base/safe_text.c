/* SPDX-License-Identifier: MIT */
#include "base/safe_text.h"

#include <stdio.h>

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

unsigned safe_text_columns(uint32_t code)
{
	/* Unicode's combining marks, joiners and variation selectors; coarse. */
	static const struct range none[] = { { 0x300, 0x36f },	 { 0x483, 0x489 },
					     { 0x591, 0x5bd },	 { 0x610, 0x61a },
					     { 0x64b, 0x65f },	 { 0x200b, 0x200d },
					     { 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f },
					     { 0xfe20, 0xfe2f }, { 0xe0100, 0xe01ef } };
	/* East Asian wide and fullwidth (UAX #11), and emoji. */
	static const struct range wide[] = {
		{ 0x1100, 0x115f }, { 0x231a, 0x231b },	  { 0x23e9, 0x23f3 },  { 0x2614, 0x2615 },
		{ 0x2705, 0x2705 }, { 0x274c, 0x274c },	  { 0x2753, 0x2757 },  { 0x2e80, 0x303e },
		{ 0x3041, 0x33ff }, { 0x3400, 0x4dbf },	  { 0x4e00, 0x9fff },  { 0xa000, 0xa4cf },
		{ 0xac00, 0xd7a3 }, { 0xf900, 0xfaff },	  { 0xfe30, 0xfe6f },  { 0xff00, 0xff60 },
		{ 0xffe0, 0xffe6 }, { 0x1f000, 0x1faff }, { 0x20000, 0x3fffd }
	};

	if (code < 0x300)
		return 1;
	if (IN(code, none))
		return 0;
	return IN(code, wide) ? 2 : 1;
}

bool safe_text_is_unsafe(uint32_t code)
{
	static const struct range unsafe[] = { { 0x00, 0x1f },	   { 0x7f, 0x9f },
					       { 0xad, 0xad },	   { 0x61c, 0x61c },
					       { 0x200e, 0x200f }, { 0x2028, 0x202e },
					       { 0x2060, 0x2069 }, { 0xfeff, 0xfeff },
					       { 0xfff0, 0xfffb }, { 0xe0000, 0xe007f } };

	return IN(code, unsafe);
}

size_t safe_text_escape(char ret[SAFE_TEXT_ESCAPE], uint32_t code)
{
	return (size_t)snprintf(ret, SAFE_TEXT_ESCAPE, code < 0x80 ? "\\x%02x" : "\\u%04x", code);
}

/* One character, or one byte of none. Its columns; *ret_len: how many bytes of s it was. */
static unsigned add_one(struct buf *out, struct span s, bool utf8, size_t *ret_len)
{
	char text[SAFE_TEXT_ESCAPE];
	uint32_t code;
	size_t n = utf8_next(s, &code);

	*ret_len = n ? n : 1;
	if (n && !safe_text_is_unsafe(code) && (code < 0x80 || utf8)) {
		buf_add(out, span_first(s, n));
		return safe_text_columns(code);
	}
	if (n)
		n = safe_text_escape(text, code);
	else
		n = (size_t)snprintf(text, sizeof(text), "\\x%02x", s.ptr[0]);
	buf_add(out, span_of(text, n));
	return (unsigned)n;
}

unsigned safe_text_add(struct buf *out, struct span s, bool utf8, unsigned max)
{
	unsigned columns = 0;
	size_t len;

	while (s.len && columns < max) {
		columns += add_one(out, s, utf8, &len);
		s = span_from(s, len);
	}
	if (s.len) {
		buf_adds(out, "...");
		columns += 3;
	}
	return columns;
}
