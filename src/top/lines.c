/* SPDX-License-Identifier: MIT */
#include "top/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/safe_text.h"
#include "base/xalloc.h"

/* No cell is looked at further. */
#define CELL_MAX 200

unsigned top_usual_columns(void)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < TOP_COLUMNS; i++)
		bits |= top_columns[i].shown ? 1u << i : 0;
	return bits;
}

/* ---- cells ---- */

/* Appends it in at most so many columns; returns how many it took. An escape at the end may be
 * wider than what is left. */
static unsigned fit(struct buf *out, const char *text, bool utf8, unsigned max)
{
	size_t before = out->len;
	unsigned n = safe_text_add(out, span_str(text), utf8, CELL_MAX);

	for (unsigned room = max > 3 ? max - 3 : 0; n > max; room--) {
		out->len = before;
		n = room ? safe_text_add(out, span_str(text), utf8, room - 1) : 0;
	}
	return n;
}

static void put_cell(struct buf *line, const struct top_layout *l, enum top_column column,
		     const char *text)
{
	unsigned width = l->widths[column], n;
	struct buf cell;

	if (!width)
		return;
	buf_init(&cell, TOP_LINE_MAX);
	n = fit(&cell, text, l->utf8, width);
	if (line->len)
		buf_addc(line, ' ');
	if (!top_columns[column].left)
		buf_addf(line, "%*s", (int)(width - n), "");
	buf_add(line, buf_span(&cell));
	if (top_columns[column].left && column != T_NOW)
		buf_addf(line, "%*s", (int)(width - n), "");
	buf_done(&cell);
}

/* ---- widths ---- */

/* What goes on has more to say at its end. */
#define LEAST_NOW 22

static unsigned least(const struct top_layout *l, unsigned column)
{
	return column == T_NOW && l->now.follows ? LEAST_NOW : top_columns[column].least;
}

static void widen(struct top_layout *l, const struct session *r)
{
	struct buf cell;

	buf_init(&cell, TOP_LINE_MAX);
	for (unsigned i = 0; i < TOP_COLUMNS; i++) {
		AUTO_FREE char *text =
			l->widths[i] ? top_cell(r, i, &l->now, l->utf8) : xstrdup("");
		unsigned n = fit(&cell, text, l->utf8, CELL_MAX);

		if (l->widths[i])
			l->widths[i] = n > l->widths[i] ? n : l->widths[i];
		buf_reset(&cell);
	}
	buf_done(&cell);
}

static unsigned total_of(const struct top_layout *l)
{
	unsigned total = 0;

	for (unsigned i = 0; i < TOP_COLUMNS; i++)
		total += l->widths[i] ? l->widths[i] + (total ? 1 : 0) : 0;
	return total;
}

/* The widest column that can be narrower; NULL. */
static unsigned *widest(struct top_layout *l)
{
	unsigned *found = NULL;

	for (unsigned i = 0; i < TOP_COLUMNS; i++)
		if (least(l, i) && l->widths[i] > least(l, i) && (!found || l->widths[i] > *found))
			found = &l->widths[i];
	return found;
}

/* Another column less, while there is one that can be missed. */
static bool leave_out(struct top_layout *l)
{
	unsigned found = TOP_COLUMNS;

	for (unsigned i = 0; i < TOP_COLUMNS; i++)
		if (l->widths[i] && top_columns[i].spare &&
		    (found == TOP_COLUMNS || top_columns[i].spare > top_columns[found].spare))
			found = i;
	if (found == TOP_COLUMNS)
		return false;
	l->widths[found] = 0;
	return true;
}

/* Columns that the table takes at least. */
static unsigned least_of(const struct top_layout *l)
{
	struct top_layout narrow = *l;
	unsigned *found;

	while ((found = widest(&narrow)))
		*found = least(l, (unsigned)(found - narrow.widths));
	return total_of(&narrow);
}

void top_lay_out(struct top_layout *l, const struct sessions *s, size_t first, size_t count,
		 unsigned columns)
{
	unsigned *found;

	for (unsigned i = 0; i < TOP_COLUMNS; i++)
		l->widths[i] = columns >> i & 1 ? (unsigned)strlen(top_columns[i].head) : 0;
	for (size_t i = first; i < s->count && i - first < count; i++)
		widen(l, s->rows[i]);
	while (least_of(l) > l->width && leave_out(l))
		;
	while (total_of(l) > l->width && (found = widest(l)))
		(*found)--;
}

/* ---- lines ---- */

static void cut_blanks(struct buf *line)
{
	while (line->len && line->ptr[line->len - 1] == ' ')
		line->len--;
}

void top_write_heads(struct buf *line, const struct top_layout *l)
{
	for (unsigned i = 0; i < TOP_COLUMNS; i++)
		put_cell(line, l, i, i == T_NOW && l->now.follows ? "NOW" : top_columns[i].head);
	cut_blanks(line);
}

void top_write_row(struct buf *line, const struct top_layout *l, const struct session *r)
{
	for (unsigned i = 0; i < TOP_COLUMNS; i++) {
		AUTO_FREE char *text = l->widths[i] ? top_cell(r, i, &l->now, l->utf8) : NULL;

		put_cell(line, l, i, text);
	}
	cut_blanks(line);
}

void top_write_text(struct buf *line, const struct top_layout *l, const char *text)
{
	fit(line, text, l->utf8, l->width);
}

enum top_column top_column_at(const struct top_layout *l, unsigned x)
{
	unsigned end = 0;

	for (unsigned i = 0; i < TOP_COLUMNS; i++) {
		end += l->widths[i] ? l->widths[i] + 1 : 0;
		if (l->widths[i] && x < end)
			return (enum top_column)i;
	}
	return TOP_COLUMNS;
}

/* ---- looking for a text ---- */

static bool has_text(const char *in, const char *text)
{
	return in && strcasestr(in, text);
}

bool top_row_says(const struct session *r, const char *text)
{
	const struct top_moment now = { 0 };
	bool found = has_text(r->title, text) || has_text(r->conversation, text) ||
		     has_text(r->session, text);

	for (unsigned i = 0; i < TOP_COLUMNS && !found; i++) {
		AUTO_FREE char *cell = top_cell(r, i, &now, true);

		found = has_text(cell, text);
	}
	return found;
}
