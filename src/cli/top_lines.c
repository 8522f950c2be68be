/* SPDX-License-Identifier: MIT */
#include "cli/top_lines.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/safe_text.h"
#include "base/units.h"
#include "base/xalloc.h"
#include "report/spend_cells.h"

/* A tree that goes deeper is not indented more. */
#define DEPTH_SHOWN 6
/* No cell is looked at further. */
#define CELL_MAX 200

enum top_column {
	T_STATE,
	T_PID,
	T_USER,
	T_AGENT,
	T_MODEL,
	T_TURN,
	T_CALLS,
	T_FAIL,
	T_IN,
	T_CACHE,
	T_OUT,
	T_USD,
	T_FIRST,
	T_NOW,
};

static const struct {
	const char *head;
	bool left;
	unsigned least; /* it can be made as narrow as this; 0: it cannot */
	unsigned spare; /* the highest is left out first; 0: never */
} columns[TOP_COLUMNS] = {
	[T_STATE] = { "S", true, 0, 0 },      [T_PID] = { "PID", false, 0, 4 },
	[T_USER] = { "USER", true, 4, 5 },    [T_AGENT] = { "AGENT", true, 14, 0 },
	[T_MODEL] = { "MODEL", true, 8, 0 },  [T_TURN] = { "CONV/TURN", true, 0, 3 },
	[T_CALLS] = { "CALLS", false, 0, 0 }, [T_FAIL] = { "FAIL", false, 0, 1 },
	[T_IN] = { "IN", false, 0, 0 },	      [T_CACHE] = { "CACHE", false, 0, 2 },
	[T_OUT] = { "OUT", false, 0, 0 },     [T_USD] = { "USD", false, 0, 0 },
	[T_FIRST] = { "TTFT", false, 0, 6 },  [T_NOW] = { "LAST", true, 12, 0 },
};

/* ---- cells ---- */

static const char *state_sign(enum session_state s, bool utf8)
{
	switch (s) {
	case SESSION_DONE:
		return utf8 ? "○" : "o";
	case SESSION_TOOLS:
		return utf8 ? "●" : "*";
	case SESSION_CUT:
		return "?";
	case SESSION_FAILED:
		return utf8 ? "✗" : "x";
	}
	return "";
}

static char *agent_text(const struct session *r, bool utf8)
{
	unsigned depth = r->depth < DEPTH_SHOWN ? r->depth : DEPTH_SHOWN;
	bool named = r->kind && strcmp(r->kind, "main") != 0;

	if (r->others)
		return xstrdup("(all others)");
	return xasprintf("%*s%s%s%s%s", depth ? (int)(2 * depth - 2) : 0, "",
			 !depth ? ""
			 : utf8 ? "└ "
				: "- ",
			 r->program ? r->program : "?", named ? " " : "", named ? r->kind : "");
}

static char *turn_text(const struct session *r)
{
	return r->conversation[0] ? xasprintf("%.6s t%u", r->conversation, r->turn) : xstrdup("-");
}

static char *sum_text(const struct session *r, enum top_column column)
{
	struct spend_cells c;

	const char *text;

	spend_cells_make(&c, &r->sum);
	text = column == T_CALLS   ? c.calls
	       : column == T_FAIL  ? c.failed
	       : column == T_IN	   ? c.in
	       : column == T_CACHE ? c.cached
	       : column == T_OUT   ? c.out
				   : c.usd;
	return xstrdup(strcmp(text, "unknown") == 0 ? "?" : text);
}

static char *or_dash(const char *text)
{
	return xstrdup(text ? text : "-");
}

/* As it came; the caller frees it. */
static char *text_of(const struct session *r, enum top_column column, bool utf8)
{
	switch (column) {
	case T_STATE:
		return xstrdup(state_sign(r->state, utf8));
	case T_PID:
		return r->pid ? xasprintf("%" PRIu32, r->pid) : xstrdup("-");
	case T_USER:
		return or_dash(r->user);
	case T_AGENT:
		return agent_text(r, utf8);
	case T_MODEL:
		return or_dash(r->model);
	case T_TURN:
		return turn_text(r);
	case T_FIRST:
		return r->first_token_ns == COUNT_UNKNOWN
			       ? xstrdup("-")
			       : xstrdup(text_duration((uint64_t)r->first_token_ns).text);
	case T_NOW:
		return or_dash(r->last);
	case T_CALLS:
	case T_FAIL:
	case T_IN:
	case T_CACHE:
	case T_OUT:
	case T_USD:
		break;
	}
	return sum_text(r, column);
}

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
	if (column)
		buf_addc(line, ' ');
	if (!columns[column].left)
		buf_addf(line, "%*s", (int)(width - n), "");
	buf_add(line, buf_span(&cell));
	if (columns[column].left && column != T_NOW)
		buf_addf(line, "%*s", (int)(width - n), "");
	buf_done(&cell);
}

/* ---- widths ---- */

static void widen(struct top_layout *l, const struct session *r)
{
	struct buf cell;

	buf_init(&cell, TOP_LINE_MAX);
	for (unsigned i = 0; i < TOP_COLUMNS; i++) {
		AUTO_FREE char *text = text_of(r, i, l->utf8);
		unsigned n = fit(&cell, text, l->utf8, CELL_MAX);

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
		if (columns[i].least && l->widths[i] > columns[i].least &&
		    (!found || l->widths[i] > *found))
			found = &l->widths[i];
	return found;
}

/* Another column less, while there is one that can be missed. */
static bool leave_out(struct top_layout *l)
{
	unsigned found = TOP_COLUMNS;

	for (unsigned i = 0; i < TOP_COLUMNS; i++)
		if (l->widths[i] && columns[i].spare &&
		    (found == TOP_COLUMNS || columns[i].spare > columns[found].spare))
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
		*found = columns[found - narrow.widths].least;
	return total_of(&narrow);
}

void top_lay_out(struct top_layout *l, const struct sessions *s, unsigned width, bool utf8)
{
	unsigned *found;

	*l = (struct top_layout){ .width = width, .utf8 = utf8 };
	for (unsigned i = 0; i < TOP_COLUMNS; i++)
		l->widths[i] = (unsigned)strlen(columns[i].head);
	for (size_t i = 0; i < s->count; i++)
		widen(l, s->rows[i]);
	while (least_of(l) > width && leave_out(l))
		;
	while (total_of(l) > width && (found = widest(l)))
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
		put_cell(line, l, i, columns[i].head);
	cut_blanks(line);
}

void top_write_row(struct buf *line, const struct top_layout *l, const struct session *r)
{
	for (unsigned i = 0; i < TOP_COLUMNS; i++) {
		AUTO_FREE char *text = text_of(r, i, l->utf8);

		put_cell(line, l, i, text);
	}
	cut_blanks(line);
}

void top_write_text(struct buf *line, const struct top_layout *l, const char *text)
{
	fit(line, text, l->utf8, l->width);
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

void top_write_totals(struct buf *line, const struct top_layout *l, const struct sessions *s)
{
	AUTO_FREE char *text = xasprintf(
		"llm-spy top  %zu agent%s, %" PRIu64 " call%s, %" PRIu64 " failed", s->count,
		plural(s->count), s->all.calls, plural(s->all.calls), s->all.failed);

	top_write_text(line, l, text);
}

static const char *dollar(const char *usd)
{
	return *usd >= '0' && *usd <= '9' ? "$" : "";
}

void top_write_spent(struct buf *line, const struct top_layout *l, const struct sessions *s)
{
	struct spend_cells all, today;
	AUTO_FREE char *text = NULL;

	spend_cells_make(&all, &s->all);
	spend_cells_make(&today, &s->today);
	text = xasprintf("tokens in %s, cached %s, out %s  cost %s%s, today %s%s", all.in,
			 all.cached, all.out, dollar(all.usd), all.usd, dollar(today.usd),
			 today.usd);
	top_write_text(line, l, text);
}

/* ---- looking for a text ---- */

static bool has_text(const char *in, const char *text)
{
	return in && strcasestr(in, text);
}

bool top_row_says(const struct session *r, const char *text)
{
	bool found = has_text(r->title, text) || has_text(r->conversation, text) ||
		     has_text(r->session, text);

	for (unsigned i = 0; i < TOP_COLUMNS && !found; i++) {
		AUTO_FREE char *cell = text_of(r, i, true);

		found = has_text(cell, text);
	}
	return found;
}
