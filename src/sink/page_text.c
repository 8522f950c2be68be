/* SPDX-License-Identifier: MIT */
/* Texts on a page: their lines joined on one row, or wrapped and counted. */
#include <ctype.h>
#include <limits.h>

#include "base/units.h"
#include "sink/page_int.h"

/* Between lines on one row: with UTF-8, and without. */
#define JOIN " ⏎ ", " / "

/* Takes the next line off the front, without its end. */
static struct span take_line(struct span *s)
{
	size_t n = span_find(*s, '\n');
	struct span line = span_first(*s, n);

	*s = span_from(*s, n + 1);
	if (line.len && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

static bool is_blank(struct span line)
{
	while (line.len && isspace(line.ptr[0]))
		line = span_from(line, 1);
	return !line.len;
}

/* Without empty lines at both ends, and without blanks at the end. */
static struct span trim(struct span s)
{
	struct span rest = s;

	while (s.len && isspace(s.ptr[s.len - 1]))
		s.len--;
	while (rest.len && is_blank(take_line(&rest)))
		s = span_from(s, (size_t)(rest.ptr - s.ptr));
	return s;
}

size_t page_lines(struct span s)
{
	size_t n = 0;

	s = trim(s);
	for (; s.len; n++)
		s = span_from(s, span_find(s, '\n') + 1);
	return n;
}

/* Whether the lines of s, joined, fit in `max` columns. */
static bool fits_joined(const struct page *p, struct span s, unsigned max)
{
	unsigned sign = page_columns(p, span_str(page_sign(p, JOIN))), columns = 0;

	for (s = trim(s); s.len && columns <= max;) {
		struct span line = span_trim(take_line(&s));

		if (line.len > PAGE_COLUMN_BYTES * max)
			return false;
		if (line.len)
			columns += page_columns(p, line) + (columns ? sign : 0);
	}
	return columns <= max;
}

void page_joined(struct page *p, enum ink ink, struct span s, unsigned max)
{
	unsigned sign = page_columns(p, span_str(page_sign(p, JOIN)));
	unsigned end = p->column + max - (fits_joined(p, s, max) ? 0 : page_ellipsis_columns(p));
	bool any = false, whole = end == p->column + max;
	struct span row;

	for (s = trim(s); s.len && p->column < end;) {
		struct span line = span_trim(take_line(&s));

		if (!line.len)
			continue;
		if (any && p->column + sign >= end)
			break;
		if (any)
			page_put(p, INK_META, page_sign(p, JOIN));
		row = page_fitting(p, line, end - p->column);
		page_traffic(p, ink, row, end - p->column);
		if (row.len < line.len)
			break;
		any = true;
	}
	if (!whole)
		page_put(p, INK_META, page_sign(p, "…", "..."));
}

/* Takes off the front what fits on one row: up to a blank, or in the middle of a long word. */
static struct span take_row(const struct page *p, struct span *line, unsigned width)
{
	struct safe_char c = { .code = 0 };
	unsigned column = 0;
	size_t at = 0, blank = 0;
	struct span row;

	while (at < line->len) {
		column += page_next_char(p, span_from(*line, at), column, c.code, &c);
		if (column > width || at > PAGE_COLUMN_BYTES * width)
			break;
		at += c.taken;
		if (line->ptr[at - 1] == ' ' && column > width / 4)
			blank = at;
	}
	if (at < line->len && blank && line->ptr[at] != ' ')
		at = blank;
	if (!at)
		at = c.taken;
	row = span_first(*line, at);
	*line = span_from(*line, at);
	while (line->len && line->ptr[0] == ' ')
		*line = span_from(*line, 1);
	return row;
}

/* A line that takes more rows than this is no prose: it says no more in its last rows than in its
 * first ones, which are shown. */
#define PROSE_ROWS    12
#define LINE_ROWS     3
#define PROSE_COLUMNS 80

/* A text as it is laid out, row by row. */
struct layout {
	struct span rest, line;
	unsigned width;
	bool all;
	bool was_blank; /* the line before was empty */
	bool is_long;	/* this line is cut after some rows */
	size_t of_line; /* rows of it so far */
	size_t more;	/* bytes of it that follow the row that was taken, and are left out */
};

/* Of empty lines that follow one another one stays. */
static bool next_line(const struct page *p, struct layout *l)
{
	bool blank;

	do {
		if (!l->rest.len)
			return false;
		l->line = take_line(&l->rest);
		blank = is_blank(l->line);
	} while (blank && l->was_blank && !l->all);
	l->was_blank = blank;
	l->of_line = 0;
	l->is_long =
		!l->all && l->line.len > PROSE_ROWS * (p->width ? (size_t)l->width : PROSE_COLUMNS);
	if (blank)
		l->line.len = 0;
	return true;
}

static bool next_row(const struct page *p, struct layout *l, struct span *ret)
{
	l->more = 0;
	if (!l->line.len && !next_line(p, l))
		return false;
	*ret = l->line;
	if (!l->line.len)
		return true;
	*ret = take_row(p, &l->line, p->width || l->is_long ? l->width : UINT_MAX / 32);
	l->of_line++;
	if (l->is_long && l->of_line == (p->width ? LINE_ROWS : 1)) {
		l->more = l->line.len;
		l->line = span_of(NULL, 0);
	}
	return true;
}

static void put_row(struct page *p, enum ink ink, struct span row, const struct layout *l)
{
	char note[64] = "";
	unsigned columns;

	if (l->more)
		snprintf(note, sizeof(note), "%s (%s more)", page_sign(p, "…", "..."),
			 text_bytes(l->more).text);
	columns = page_columns(p, span_str(note));
	row = page_fitting(p, row, page_room(p) > columns ? page_room(p) - columns : 0);
	page_traffic(p, ink, row, page_room(p));
	page_put(p, INK_META, note);
}

/* What the rows that follow would show. */
static void left_out(struct page *p, const struct layout *l, struct span tail)
{
	size_t bytes = l->line.len + l->rest.len - tail.len;
	struct span rest = span_first(l->rest, l->rest.len - tail.len);
	size_t lines = page_lines(rest) + (l->line.len > 0);

	page_more(p);
	page_putf(p, INK_META, "%s %s line%s more (%s)", page_sign(p, "…", "..."),
		  page_number(lines).text, lines == 1 ? "" : "s", text_bytes(bytes).text);
}

/* The last lines, at most `n`. */
static struct span last_lines(struct span s, size_t n)
{
	size_t at = s.len;

	while (n-- && at) {
		at--;
		while (at && s.ptr[at - 1] != '\n')
			at--;
	}
	return span_from(s, at);
}

static size_t count_rows(const struct page *p, struct layout l, size_t max)
{
	struct span row;
	size_t n = 0;

	while (n < max && next_row(p, &l, &row))
		n++;
	return n;
}

static size_t put_rows(struct page *p, enum ink ink, struct layout *l, size_t max, bool first)
{
	struct span row;
	size_t n = 0;

	while (n < max && next_row(p, l, &row)) {
		if (!first || n)
			page_more(p);
		put_row(p, ink, row, l);
		n++;
	}
	return n;
}

/* From so many rows on, the last lines of a text that does not fit are shown as well: a question
 * often stands below what it is about. */
#define ROWS_FOR_TAIL 6
#define TAIL_LINES    2

static void put_in_part(struct page *p, enum ink ink, struct layout *l, size_t max)
{
	struct span tail = span_of(NULL, 0);
	size_t rows = max - 1;

	if (max >= ROWS_FOR_TAIL) {
		tail = last_lines(l->rest, TAIL_LINES);
		rows -= TAIL_LINES;
	}
	put_rows(p, ink, l, rows, true);
	/* It may be that the first rows reached into the last lines. */
	if (tail.len > l->rest.len)
		tail = span_of(NULL, 0);
	if (l->rest.len + l->line.len > tail.len)
		left_out(p, l, tail);
	while (tail.len) {
		page_more(p);
		page_traffic(p, ink, take_line(&tail), page_room(p));
	}
}

void page_one_row(struct page *p, enum ink ink, struct span s, unsigned max)
{
	size_t lines = page_lines(s);
	char note[64];

	if (lines == 1)
		snprintf(note, sizeof(note), " (%s)", text_bytes(s.len).text);
	else
		snprintf(note, sizeof(note), " (%s lines)", page_number(lines).text);
	if (fits_joined(p, s, max) || max < 40) {
		page_joined(p, ink, s, max);
		return;
	}
	page_joined(p, ink, s, max - page_columns(p, span_str(note)));
	page_put(p, INK_META, note);
}

void page_text(struct page *p, enum ink ink, struct span s, size_t max)
{
	struct layout l = { .rest = trim(s), .all = max == 0 };

	if (span_find(l.rest, '\n') == l.rest.len)
		l.rest = span_trim(l.rest);

	/* Into a file, lines are kept. */
	p->is_endless = max != 1;
	if (p->is_endless && !p->width)
		p->limit = UINT_MAX / 2;
	l.width = p->width ? page_room(p) : PAGE_UNWRAPPED;
	if (max == 1)
		page_one_row(p, ink, l.rest, page_room(p));
	else if (max == 0 || count_rows(p, l, max + 1) <= max)
		put_rows(p, ink, &l, SIZE_MAX, true);
	else
		put_in_part(p, ink, &l, max);
	p->is_endless = false;
}
