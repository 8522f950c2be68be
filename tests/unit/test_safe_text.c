/* SPDX-License-Identifier: MIT */
/* What others chose, on a terminal. */
#include "base/safe_text.h"

#include <limits.h>

#include "base/utf8.h"
#include "tests/unit/tap.h"

static void test_table(void)
{
	static const struct {
		const char *text, *utf8, *ascii;
		unsigned max, columns; /* with UTF-8 */
		const char *what;
	} rows[] = {
		{ "curl", "curl", "curl", 99, 4, "a plain name" },
		{ "a b", "a b", "a b", 99, 3, "a blank" },
		{ "\x1b[2J", "\\x1b[2J", "\\x1b[2J", 99, 7, "an escape sequence" },
		{ "a\nllm-spy: b\t\r", "a\\x0allm-spy: b\\x09\\x0d", "a\\x0allm-spy: b\\x09\\x0d",
		  99, 23, "line ends and tabs" },
		{ "\x7f", "\\x7f", "\\x7f", 99, 4, "delete" },
		{ "\x9b"
		  "31m",
		  "\\x9b31m", "\\x9b31m", 99, 7, "a single byte that is C1" },
		{ "\xc2\x9b"
		  "31m",
		  "\\u009b31m", "\\u009b31m", 99, 9, "C1 in UTF-8" },
		{ "a\xe2\x80\xae"
		  "txt",
		  "a\\u202etxt", "a\\u202etxt", 99, 10, "right to left" },
		{ "\xe2\x81\xa6x\xe2\x81\xa9", "\\u2066x\\u2069", "\\u2066x\\u2069", 99, 13,
		  "an isolate" },
		{ "\xef\xbb\xbfx", "\\ufeffx", "\\ufeffx", 99, 7, "a byte order mark" },
		{ "\xf3\xa0\x81\x81", "\\U000e0041", "\\U000e0041", 99, 10, "a tag" },
		{ "g\xc3\xa9", "g\xc3\xa9", "g\\u00e9", 99, 2, "a letter with an accent" },
		{ "\xe6\x97\xa5", "\xe6\x97\xa5", "\\u65e5", 99, 2, "a wide character" },
		{ "\xdb\x9b", "\xdb\x9b", "\\u06db", 99, 0, "one whose bytes look like C1" },
		{ "\xc3", "\\xc3", "\\xc3", 99, 4, "half a character" },
		{ "\xff\xfe", "\\xff\\xfe", "\\xff\\xfe", 99, 8, "no characters" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80", 99, 12, "a surrogate" },
		{ "abcdef", "abcd...", "abcd...", 4, 7, "more than there is room for" },
		{ "abcd", "abcd", "abcd", 4, 4, "what just fits" },
		{ "", "", "", 4, 0, "nothing" },
		{ "\xf0\x9f\x8c\x8f", "\xf0\x9f\x8c\x8f", "\\U0001f30f", 99, 2, "an emoji" },
		{ "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
		  "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", "\\U0001f469\\u200d\\U0001f4bb",
		  99, 4, "two that are joined" },
		{ "a\xe2\x80\x8d"
		  "b",
		  "a\\u200db", "a\\u200db", 99, 8, "a joiner that joins nothing" },
		{ "1\xef\xb8\x8f\xe2\x83\xa3", "1\xef\xb8\x8f\xe2\x83\xa3", "1\\ufe0f\\u20e3", 99,
		  1, "a key" },
		{ "x\xef\xb8\x8f", "x\\ufe0f", "x\\ufe0f", 99, 7, "a selector of nothing" },
		{ "a\xe2\x80\x8b"
		  "b",
		  "a\\u200bb", "a\\u200bb", 99, 8, "a space without a width" },
		{ "e\xcc\x81", "e\xcc\x81", "e\\u0301", 99, 1, "a combining accent" },
		{ "\xd7\xa9\xd6\xb8\xd7\x9c", "\xd7\xa9\xd6\xb8\xd7\x9c", "\\u05e9\\u05b8\\u05dc",
		  99, 2, "Hebrew with a vowel" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf utf8, ascii;
		unsigned columns;

		buf_init(&utf8, 256);
		buf_init(&ascii, 256);
		columns = safe_text_add(&utf8, span_str(rows[i].text), true, rows[i].max);
		safe_text_add(&ascii, span_str(rows[i].text), false, rows[i].max);
		is_str(utf8.ptr ? utf8.ptr : "", rows[i].utf8, "%s", rows[i].what);
		is_int(columns, rows[i].columns, "%s: columns", rows[i].what);
		is_str(ascii.ptr ? ascii.ptr : "", rows[i].ascii, "%s, without UTF-8",
		       rows[i].what);
		buf_done(&utf8);
		buf_done(&ascii);
	}
}

/* Whatever two bytes come, no control character gets through, and the rest is UTF-8. */
static void test_all_pairs(void)
{
	unsigned bad = 0;

	for (unsigned pair = 0; pair < 0x10000; pair++) {
		uint8_t bytes[2] = { (uint8_t)(pair >> 8), (uint8_t)pair };
		struct buf out;

		buf_init(&out, 64);
		safe_text_add(&out, span_of(bytes, 2), true, UINT_MAX);
		bad += !utf8_valid(buf_span(&out));
		for (struct span s = buf_span(&out); s.len;) {
			uint32_t code = 0;
			size_t n = utf8_next(s, &code);

			bad += code < 0x20 || (code >= 0x7f && code < 0xa0);
			s = span_from(s, n ? n : 1);
		}
		buf_done(&out);
	}
	is_int(bad, 0, "no pair of bytes becomes a control character or no character");
}

int main(void)
{
	test_table();
	test_all_pairs();
	return tap_done();
}
