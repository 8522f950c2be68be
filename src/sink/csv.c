/* SPDX-License-Identifier: MIT */
/* One line for each exchange with what accounting asks, for spreadsheets and databases. What is
 * unknown is empty, never 0. A call that was seen at both ends is one line, its client's, so that
 * sums are right. */
#include <stdlib.h>

#include "base/utf8.h"
#include "base/xalloc.h"
#include "exchange/account.h"
#include "sink/sink.h"

/* Of a text; no name of a model or program is as long. */
#define CELL_MAX       1024
#define LINE_MAX_BYTES (64 << 10)

struct sink {
	FILE *out;
};

static void number(struct buf *o, int64_t n)
{
	if (n != COUNT_UNKNOWN)
		buf_addf(o, "%lld", (long long)n);
}

static void milliseconds(struct buf *o, int64_t ns)
{
	if (ns != COUNT_UNKNOWN)
		buf_addf(o, "%lld.%03d", (long long)(ns / 1000000), (int)(ns / 1000 % 1000));
}

static void wait_seconds(struct buf *o, int64_t ms)
{
	if (ms != COUNT_UNKNOWN)
		buf_addf(o, "%lld.%03d", (long long)(ms / 1000), (int)(ms % 1000));
}

static void moment(struct buf *o, int64_t ns)
{
	char text[WALL_TEXT];

	if (wall_text(ns, text))
		buf_adds(o, text);
}

/* The fewest digits that are read as the same number. */
static void dollars(struct buf *o, const struct account *a)
{
	char text[40];

	if (!a->priced)
		return;
	snprintf(text, sizeof(text), "%.15g", a->usd);
	if (strtod(text, NULL) != a->usd)
		snprintf(text, sizeof(text), "%.17g", a->usd);
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

/* RFC 4180. Control characters become spaces: a line of the file is a row, and nothing in it moves
 * a terminal's cursor. */
static void text(struct buf *o, const char *s)
{
	char cell[CELL_MAX];
	struct span left;

	if (!s)
		return;
	utf8_cut(span_str(s), cell, sizeof(cell));
	for (char *c = cell; *c; c++)
		if ((uint8_t)*c < 0x20 || *c == 0x7f)
			*c = ' ';
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

static void row(struct buf *o, const struct exchange *x, const struct account *a)
{
#define COLUMN(name, cell)                                                                         \
	cell;                                                                                      \
	buf_addc(o, ',');
#include "sink/csv_columns.def"
#undef COLUMN
	o->ptr[o->len - 1] = '\n';
}

static int csv_end(struct sink *s, const struct exchange *x, struct error *reterr)
{
	struct account a;
	struct buf line;

	if (x->twin_of || x->via.tgid)
		return 0;
	buf_init(&line, LINE_MAX_BYTES);
	exchange_account(x, &a);
	row(&line, x, &a);
	fwrite(line.ptr, 1, line.len, s->out);
	buf_done(&line);
	return 0;
}

static int csv_open(struct sink **ret, const struct sink_config *c, struct error *reterr)
{
	static const char *const names[] = {
#define COLUMN(name, cell) #name,
#include "sink/csv_columns.def"
#undef COLUMN
	};
	size_t n = sizeof(names) / sizeof(*names);

	for (size_t i = 0; i < n; i++)
		fprintf(c->out, "%s%s", names[i], i + 1 < n ? "," : "\n");
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->out = c->out;
	return 0;
}

static void csv_free(struct sink *s)
{
	free(s);
}

const struct sink_ops sink_csv = {
	.name = "csv",
	.help = "a table: tokens, costs and times of each exchange",
	.wants = SINK_WRITES,
	.open = csv_open,
	.end = csv_end,
	.free = csv_free,
};
