/* SPDX-License-Identifier: MIT */
#include "cli/table.h"

#include <jansson.h>
#include <stdlib.h>
#include <time.h>

#include "base/safe_text.h"
#include "base/units.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "exchange/account.h"
#include "exchange/exchange.h"
#include "json/text.h"
#include "json/write.h"
#include "sink/csv_cell.h"

/* Of one cell; a name or a message is not longer. */
#define TEXT_MAX      4096
#define LINE_MAX_SIZE (1 << 20)

struct cell {
	bool known;
	int64_t n;
	double usd;
	char *text, *shown;
};

struct table {
	const struct column *columns;
	size_t ncolumns;
	enum table_form form;
	struct cell *cells;
	size_t count;
	bool total;
};

struct table *table_new(const struct column *columns, enum table_form form)
{
	struct table *t = xcalloc(1, sizeof(*t));

	t->columns = columns;
	t->form = form;
	while (columns[t->ncolumns].head || columns[t->ncolumns].name)
		t->ncolumns++;
	return t;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++) {
		free(t->cells[i].text);
		free(t->cells[i].shown);
	}
	free(t->cells);
	free(t);
}

/* ---- cells ---- */

static struct cell *add(struct table *t)
{
	t->cells = xgrow(t->cells, t->count, sizeof(*t->cells));
	return &t->cells[t->count++];
}

void table_number(struct table *t, int64_t n)
{
	*add(t) = (struct cell){ .known = n != COUNT_UNKNOWN, .n = n };
}

void table_usd(struct table *t, double usd)
{
	char text[400];

	/* Sums that were added up in another order are the same number. */
	snprintf(text, sizeof(text), "%.12f", usd);
	*add(t) = (struct cell){ .known = true, .usd = strtod(text, NULL) };
}

void table_span(struct table *t, struct span text)
{
	char part[TEXT_MAX];

	utf8_cut(text, part, sizeof(part));
	*add(t) = (struct cell){ .known = true, .text = xstrdup(part) };
}

void table_text(struct table *t, const char *text)
{
	if (text)
		table_span(t, span_str(text));
	else
		add(t);
}

void table_skip(struct table *t)
{
	add(t);
}

void table_shown(struct table *t, const char *text)
{
	t->cells[t->count - 1].shown = xstrdup(text);
}

size_t table_rows(const struct table *t)
{
	return t->count / t->ncolumns;
}

void table_has_total(struct table *t)
{
	t->total = true;
}

static const struct cell *cell_at(const struct table *t, size_t row, size_t column)
{
	return &t->cells[row * t->ncolumns + column];
}

/* ---- JSON lines and CSV ---- */

/* Whole microseconds, as CSV has them. */
static double milliseconds(int64_t ns)
{
	int64_t us = ns / 1000;

	return (double)us / 1000;
}

static json_t *value_of(const struct cell *c, enum cell_kind kind)
{
	char moment[WALL_TEXT];

	if (!c->known)
		return json_null();
	switch (kind) {
	case CELL_NUMBER:
	case CELL_TOKENS:
		return json_integer(c->n);
	case CELL_USD:
		return json_real(c->usd);
	case CELL_DURATION:
		return json_real(milliseconds(c->n));
	case CELL_MOMENT:
		return wall_text(c->n, moment) ? json_string(moment) : json_null();
	case CELL_TEXT:
		return json_from_text(c->text);
	}
	return json_null();
}

static void write_json(const struct table *t, size_t row, struct buf *line)
{
	json_t *o = json_object();

	for (size_t i = 0; i < t->ncolumns; i++)
		if (t->columns[i].name)
			json_object_set_new(o, t->columns[i].name,
					    value_of(cell_at(t, row, i), t->columns[i].kind));
	json_write(o, line);
	buf_addc(line, '\n');
	json_decref(o);
}

static void csv_cell(struct buf *line, const struct cell *c, enum cell_kind kind)
{
	if (!c->known)
		return;
	switch (kind) {
	case CELL_NUMBER:
	case CELL_TOKENS:
		csv_number(line, c->n);
		break;
	case CELL_USD:
		csv_dollars(line, c->usd);
		break;
	case CELL_DURATION:
		csv_milliseconds(line, c->n);
		break;
	case CELL_MOMENT:
		csv_moment(line, c->n);
		break;
	case CELL_TEXT:
		csv_text(line, c->text);
		break;
	}
}

static void write_csv(const struct table *t, size_t row, struct buf *line)
{
	bool first = true;

	for (size_t i = 0; i < t->ncolumns; i++) {
		if (!t->columns[i].name)
			continue;
		if (!first)
			buf_addc(line, ',');
		first = false;
		csv_cell(line, cell_at(t, row, i), t->columns[i].kind);
	}
	buf_addc(line, '\n');
}

static void write_csv_head(const struct table *t, struct buf *line)
{
	bool first = true;

	for (size_t i = 0; i < t->ncolumns; i++)
		if (t->columns[i].name) {
			buf_addf(line, "%s%s", first ? "" : ",", t->columns[i].name);
			first = false;
		}
	buf_addc(line, '\n');
}

/* ---- for people ---- */

struct layout {
	unsigned *widths;
	bool utf8;
};

/* Seconds are left out where there is no room. */
static void add_moment(struct buf *out, int64_t ns, unsigned max)
{
	time_t t = (time_t)(ns / 1000000000);
	char text[32];
	struct tm tm;

	if (ns <= 0 || !localtime_r(&t, &tm))
		return;
	strftime(text, sizeof(text), "%m-%d %H:%M:%S", &tm);
	if (strlen(text) > max)
		*strrchr(text, ':') = '\0';
	buf_adds(out, text);
}

/* Appends it as people see it, in at most so many columns; returns how many it took. */
static unsigned show(struct buf *out, const struct cell *c, enum cell_kind kind, bool utf8,
		     unsigned max)
{
	size_t before = out->len;

	if (c->shown || (c->known && kind == CELL_TEXT)) {
		struct span text = span_str(c->shown ? c->shown : c->text);
		unsigned columns = safe_text_add(out, text, utf8, TEXT_MAX);

		/* An escape at the end may be wider than what is left. */
		for (unsigned room = max > 3 ? max - 3 : 0; columns > max && room > 0; room--) {
			out->len = before;
			columns = safe_text_add(out, text, utf8, room - 1);
		}
		return columns;
	}
	if (!c->known)
		buf_addc(out, '-');
	else if (kind == CELL_NUMBER)
		buf_addf(out, "%lld", (long long)c->n);
	else if (kind == CELL_TOKENS)
		buf_adds(out, text_tokens((uint64_t)c->n).text);
	else if (kind == CELL_USD)
		buf_adds(out, text_usd_number(c->usd).text);
	else if (kind == CELL_DURATION)
		buf_adds(out, text_duration((uint64_t)c->n).text);
	else
		add_moment(out, c->n, max);
	return (unsigned)(out->len - before);
}

static unsigned natural(const struct table *t, size_t column, bool utf8)
{
	const struct column *of = &t->columns[column];
	unsigned most = (unsigned)strlen(of->head), n;
	struct buf scratch;

	buf_init(&scratch, 16 * TEXT_MAX);
	for (size_t row = 0; row < table_rows(t); row++) {
		n = show(&scratch, cell_at(t, row, column), of->kind, utf8, TEXT_MAX);
		most = n > most ? n : most;
		buf_reset(&scratch);
	}
	buf_done(&scratch);
	return most;
}

/* The widest column that can become narrower, or NULL. */
static unsigned *widest(const struct table *t, unsigned *widths)
{
	unsigned *found = NULL;

	for (size_t i = 0; i < t->ncolumns; i++)
		if (t->columns[i].head && t->columns[i].least && widths[i] > t->columns[i].least &&
		    (!found || widths[i] > *found))
			found = &widths[i];
	return found;
}

static void lay_out(const struct table *t, struct layout *l, unsigned width)
{
	unsigned total = 0, *found;

	l->widths = xcalloc(t->ncolumns, sizeof(*l->widths));
	for (size_t i = 0; i < t->ncolumns; i++) {
		if (!t->columns[i].head)
			continue;
		l->widths[i] = natural(t, i, l->utf8);
		total += l->widths[i] + (total ? 1 : 0);
	}
	for (; total > width && (found = widest(t, l->widths)); total--)
		(*found)--;
}

static bool is_last(const struct table *t, size_t column)
{
	while (++column < t->ncolumns)
		if (t->columns[column].head)
			return false;
	return true;
}

static void pad(struct buf *line, unsigned columns)
{
	buf_addf(line, "%*s", (int)columns, "");
}

/* A cell, or the head of its column. */
static void write_cell(const struct table *t, const struct layout *l, struct buf *line,
		       const struct cell *c, size_t column)
{
	const struct column *of = &t->columns[column];
	unsigned width = l->widths[column], n;
	bool left = of->kind == CELL_TEXT || of->kind == CELL_MOMENT;
	struct buf text;

	buf_init(&text, 16 * TEXT_MAX);
	n = show(&text, c, of->kind, l->utf8, width);
	if (!left && n < width)
		pad(line, width - n);
	if (text.len)
		buf_add(line, buf_span(&text));
	buf_done(&text);
	if (is_last(t, column))
		return;
	pad(line, (left && n < width ? width - n : 0) + 1);
}

static void write_heads(const struct table *t, const struct layout *l, struct buf *line)
{
	for (size_t i = 0; i < t->ncolumns; i++)
		if (t->columns[i].head)
			write_cell(t, l, line,
				   &(struct cell){ .shown = (char *)t->columns[i].head }, i);
	buf_addc(line, '\n');
}

static void write_row(const struct table *t, const struct layout *l, size_t row, struct buf *line)
{
	for (size_t i = 0; i < t->ncolumns; i++)
		if (t->columns[i].head)
			write_cell(t, l, line, cell_at(t, row, i), i);
	while (line->len && line->ptr[line->len - 1] == ' ')
		line->len--;
	buf_addc(line, '\n');
}

static void write_rule(const struct table *t, const struct layout *l, struct buf *line)
{
	unsigned width = 0;

	for (size_t i = 0; i < t->ncolumns; i++)
		width += t->columns[i].head ? l->widths[i] + 1 : 0;
	for (unsigned i = 1; i < width; i++)
		buf_adds(line, l->utf8 ? "─" : "-");
	buf_addc(line, '\n');
}

static void put(struct buf *line, FILE *out)
{
	fwrite(line->ptr, 1, line->len, out);
	buf_reset(line);
}

static void print_text(const struct table *t, FILE *out, unsigned width, bool utf8,
		       struct buf *line)
{
	struct layout l = { .utf8 = utf8 };

	lay_out(t, &l, width);
	write_heads(t, &l, line);
	put(line, out);
	for (size_t row = 0; row < table_rows(t); row++) {
		if (t->total && row + 1 == table_rows(t)) {
			write_rule(t, &l, line);
			put(line, out);
		}
		write_row(t, &l, row, line);
		put(line, out);
	}
	free(l.widths);
}

void table_print(const struct table *t, FILE *out, unsigned width, bool utf8)
{
	struct buf line;

	buf_init(&line, LINE_MAX_SIZE);
	if (t->form == TABLE_TEXT && table_rows(t))
		print_text(t, out, width, utf8, &line);
	if (t->form == TABLE_CSV) {
		write_csv_head(t, &line);
		put(&line, out);
	}
	for (size_t row = 0; t->form != TABLE_TEXT && row < table_rows(t); row++) {
		if (t->form == TABLE_CSV)
			write_csv(t, row, &line);
		else
			write_json(t, row, &line);
		put(&line, out);
	}
	buf_done(&line);
}
