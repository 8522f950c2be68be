/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "sink/term.h"
#include "tests/unit/cuts.h"
#include "tests/unit/tap.h"

static void on_piece(void *arg, struct span s)
{
	term_traffic(arg, s);
}

static const struct {
	const char *in;
	unsigned width;
	bool utf8;
	const char *want;
} rows[] = {
	{ "plain", 0, true, "plain" },
	{ "\x1b[31mred\x07", 0, true, "\\x1b[31mred\\x07" },
	{ "a\nb", 0, true, "a\n  b" },
	{ "a\r\nb\rc\r", 0, true, "a\n  b\\x0dc\\x0d" },
	{ "\xc2\x9b"
	  "2J",
	  0, true, "\\u009b2J" },
	{ "\xe2\x80\xae"
	  "evil",
	  0, true, "\\u202eevil" },
	{ "\xc3\xa9", 0, true, "\xc3\xa9" },
	{ "\xc3\xa9", 0, false, "\\u00e9" },
	{ "bad\xff"
	  "byte",
	  0, true, "bad\\xffbyte" },
	{ "one two three four five six", 20, true, "one two three four\n  five six" },
	{ "abcdefghijklmnopqrstuvwxyz", 20, true, "abcdefghijklmnopqr\n  stuvwxyz" },
	{ "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97 "
	  "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2",
	  20, true,
	  "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97 \n  "
	  "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2" },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (unsigned way = 0; way < CUT_WAYS; way++) {
			char *got = NULL;
			size_t len;
			FILE *f = open_memstream(&got, &len);
			struct term t;

			/* The first line is indented as well. */
			term_init(&t, f, rows[i].width, rows[i].utf8);
			t.indent = 2;
			cut_feed(way, span_str(rows[i].in), on_piece, &t);
			term_flush(&t, true);
			term_done(&t);
			fclose(f);
			is_str(got + 2, rows[i].want, "row %zu, %s", i, cut_name(way));
			free(got);
		}
	return tap_done();
}
