/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "top/header.h"
#include "top/help.h"
#include "top/view_int.h"

unsigned top_view_rows(const struct top_view *v)
{
	unsigned rows = top_screen_rows(), pane = top_pane_rows(v);

	rows = rows > pane ? rows - pane : 0;
	return rows > ROWS_ABOVE + 1 ? rows - ROWS_ABOVE - 1 : 1;
}

static const char *text_of(struct buf *line)
{
	buf_addc(line, '\0');
	return line->ptr;
}

static enum top_look look_of(const struct top_view *v, size_t at)
{
	const struct session *r = v->m.sessions->rows[at];

	if (at == v->at)
		return LOOK_CHOSEN;
	if (r->live)
		return LOOK_SAY;
	switch (r->state) {
	case SESSION_FAILED:
		return LOOK_FAILED;
	case SESSION_TOOLS:
		return LOOK_ACTIVE;
	case SESSION_CUT:
	case SESSION_DONE:
		break;
	}
	return LOOK_PLAIN;
}

static void scroll(struct top_view *v, size_t rows)
{
	size_t count = v->m.sessions->count;

	if (v->at < v->first)
		v->first = v->at;
	if (v->at >= v->first + rows)
		v->first = v->at - rows + 1;
	if (v->first + rows > count)
		v->first = count > rows ? count - rows : 0;
}

static void draw_above(const struct top_view *v, struct buf *line)
{
	static void (*const writes[])(struct buf *, const struct top_layout *,
				      const struct top_model *) = {
		top_write_totals,
		top_write_spent,
		top_write_pace,
	};

	for (unsigned y = 0; y < sizeof(writes) / sizeof(*writes); y++) {
		writes[y](line, &v->layout, &v->m);
		top_screen_put(v->screen, y, 0, y ? LOOK_PLAIN : LOOK_STRONG, text_of(line));
		buf_reset(line);
	}
	top_write_heads(line, &v->layout);
	top_screen_row(v->screen, ROWS_ABOVE - 1, LOOK_HEAD, text_of(line));
	buf_reset(line);
}

static void draw_rows(const struct top_view *v, struct buf *line, unsigned rows)
{
	const struct sessions *s = v->m.sessions;

	for (size_t i = 0; i < rows && v->first + i < s->count; i++) {
		top_write_row(line, &v->layout, s->rows[v->first + i]);
		top_screen_row(v->screen, ROWS_ABOVE + (unsigned)i, look_of(v, v->first + i),
			       text_of(line));
		buf_reset(line);
	}
}

static void draw_bottom(const struct top_view *v, struct buf *line)
{
	static const char *const trees[] = { [SESSIONS_OF_AGENTS] = "tree",
					     [SESSIONS_OF_PROCESSES] = "processes",
					     [SESSIONS_FLAT] = "list" };
	/* Sums are of what it selects, which has to be seen. */
	bool selects = strchr(v->filtered_by, '=') != NULL;

	if (v->prompt.of != PROMPT_NONE) {
		top_prompt_draw(&v->prompt, v->screen, v->layout.utf8);
		return;
	}
	if (v->said[0]) {
		top_write_text(line, &v->layout, v->said);
	} else {
		AUTO_FREE char *keys = xasprintf(
			"%s%s%s%s? help  Enter turns  / filter  < > by %s  t %s  o columns  q quit",
			v->paused ? "PAUSED  " : "", selects ? "FILTER " : "",
			selects ? v->filtered_by : "", selects ? "  " : "",
			session_order_name(v->m.order), trees[v->m.tree]);

		top_write_text(line, &v->layout, keys);
	}
	top_screen_row(v->screen, top_screen_rows() - 1,
		       v->said[0] && v->said_failure ? LOOK_FAILED : LOOK_META, text_of(line));
	buf_reset(line);
}

/* ---- what covers it ---- */

static const struct top_help help[] = {
	{ "j k, arrows", "next row, row before" },
	{ "g G", "first row, last row" },
	{ "PgDn PgUp", "a page" },
	{ "Enter", "its conversation, turn by turn" },
	{ "t, F5", "sub-agents below their agent, rows below their process, or none" },
	{ "< > s, F6", "the column to sort by" },
	{ "o, F2", "the columns that are shown" },
	{ "/, F4", "filter: words select calls (model=gpt* errors=only since=1h), any other "
		   "text is looked for in rows; an empty one ends that" },
	{ "n N", "next row with that text, row before" },
	{ ":", "a call by its number, or a conversation by how it begins" },
	{ "F", "the first row stays chosen, which is the one that spoke last" },
	{ "p", "pause: what is shown stays; nothing is lost" },
	{ "e", "the agent's calls to a file (Markdown, HTML, HAR or JSON)" },
	{ "Left Right", "of a file: the moment that is shown goes back or on" },
	{ "Mouse", "click: choose, sort by a head; wheel: rows" },
	{ "q", "end; Ctrl-Z stops it for a while" },
	{ "", "" },
	{ "", "~ in front of an agent: where it belongs follows from equal texts alone." },
	{ "", "S: how the last call ended. Sums are without sub-agents, which have a row." },
	{ "", "tok/s, call/s: of the last minute; bars: of 5 minutes; ttft: of all calls." },
};

static void draw_columns(const struct top_view *v)
{
	unsigned rows = top_screen_rows() > 2 ? top_screen_rows() - 1 : 1;
	unsigned first = v->column >= rows ? v->column - rows + 1 : 0;

	top_screen_put(v->screen, 0, 0, LOOK_STRONG,
		       "Columns: Space shows or hides one, q goes back");
	for (unsigned i = first; i < TOP_COLUMNS && i - first < rows; i++) {
		AUTO_FREE char *text = xasprintf("[%c] %-10s %s", v->columns >> i & 1 ? 'x' : ' ',
						 top_columns[i].head, top_columns[i].help);

		top_screen_put(v->screen, i - first + 1, 0,
			       i == v->column ? LOOK_CHOSEN : LOOK_PLAIN, text);
	}
}

static void draw_table(struct top_view *v, struct buf *line)
{
	unsigned rows = top_view_rows(v), pane = top_pane_rows(v);

	scroll(v, rows);
	v->layout.width = top_screen_columns();
	v->layout.now = (struct top_moment){ .follows = v->m.store != NULL,
					     .windows = v->m.windows,
					     .now_ns = v->m.now_ns,
					     .monotonic_ns = v->m.monotonic_ns };
	top_lay_out(&v->layout, v->m.sessions, v->first, rows, v->columns);
	draw_above(v, line);
	draw_rows(v, line, rows);
	if (pane)
		top_pane_draw(v, ROWS_ABOVE + rows, pane);
	draw_bottom(v, line);
}

void top_view_draw(struct top_view *v)
{
	struct buf line;

	buf_init(&line, TOP_LINE_MAX);
	top_screen_begin();
	switch (v->overlay) {
	case OVERLAY_HELP:
		v->help_next =
			top_help_draw(v->screen, help, sizeof(help) / sizeof(*help), v->help_from);
		break;
	case OVERLAY_COLUMNS:
		draw_columns(v);
		break;
	case OVERLAY_NONE:
		draw_table(v, &line);
	}
	top_screen_end();
	buf_done(&line);
}
