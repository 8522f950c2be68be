/* SPDX-License-Identifier: MIT */
#include "sink/csv_cell.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "exchange/account.h"

/* Of a text; no name of a model or program is as long. */
#define CELL_MAX 1024

void csv_number(struct buf *o, int64_t n)
{
	if (n != COUNT_UNKNOWN)
		buf_addf(o, "%lld", (long long)n);
}

void csv_milliseconds(struct buf *o, int64_t ns)
{
	if (ns != COUNT_UNKNOWN)
		buf_addf(o, "%lld.%03d", (long long)(ns / 1000000), (int)(ns / 1000 % 1000));
}

void csv_moment(struct buf *o, int64_t ns)
{
	char text[WALL_TEXT];

	if (wall_text(ns, text))
		buf_adds(o, text);
}

void csv_dollars(struct buf *o, double usd)
{
	char text[40];

	snprintf(text, sizeof(text), "%.15g", usd);
	if (strtod(text, NULL) != usd)
		snprintf(text, sizeof(text), "%.17g", usd);
	buf_adds(o, text);
}

/* A spreadsheet runs a cell that begins like this as a formula, and the text comes from the
 * traffic. An apostrophe in front makes it a text; so one that is there already gets another, and a
 * reader who takes one off has what it was. The last four are the same signs in full width. */
static bool needs_apostrophe(struct span s)
{
	static const struct span starts[] = {
		SPAN_LIT("="),
		SPAN_LIT("+"),
		SPAN_LIT("-"),
		SPAN_LIT("@"),
		SPAN_LIT("'"),
		SPAN_LIT("\xef\xbc\x9d"),
		SPAN_LIT("\xef\xbc\x8b"),
		SPAN_LIT("\xef\xbc\x8d"),
		SPAN_LIT("\xef\xbc\xa0"),
	};

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (span_starts(s, starts[i]))
			return true;
	return false;
}

/* C1 controls are c2 80 to c2 9f; each of the two bytes becomes a space. */
static void blank_controls(char *s)
{
	for (; *s; s++) {
		if ((uint8_t)*s < 0x20 || *s == 0x7f)
			*s = ' ';
		else if ((uint8_t)s[0] == 0xc2 && (uint8_t)s[1] < 0xa0)
			s[0] = s[1] = ' ';
	}
}

/* RFC 4180. Control characters become spaces: a line of the file is a row, and nothing in it moves
 * a terminal's cursor. */
void csv_text(struct buf *o, const char *s)
{
	char cell[CELL_MAX];
	struct span left;

	if (!s)
		return;
	utf8_cut(span_str(s), cell, sizeof(cell));
	blank_controls(cell);
	left = span_str(cell);
	buf_addc(o, '"');
	if (needs_apostrophe(left))
		buf_addc(o, '\'');
	for (size_t i = 0; i < left.len; i++) {
		if (left.ptr[i] == '"')
			buf_addc(o, '"');
		buf_addc(o, (char)left.ptr[i]);
	}
	buf_addc(o, '"');
}
