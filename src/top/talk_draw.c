/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/safe_text.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "report/registry.h"
#include "top/help.h"
#include "top/talk_int.h"
#include "top/wrap.h"

#define LEFT_COLUMNS 24
#define LINE_SIZE    65536
#define LIVE_MAX     (16 * TOP_WRAP_MAX)
/* Title and tabs above, keys below. */
#define OTHER_ROWS 3

unsigned top_talk_rows(void)
{
	unsigned rows = top_screen_rows();

	return rows > OTHER_ROWS ? rows - OTHER_ROWS : 0;
}

unsigned top_talk_left(void)
{
	unsigned columns = top_screen_columns();

	return columns >= 3 * LEFT_COLUMNS ? LEFT_COLUMNS : columns / 3;
}

const char *top_talk_text(const struct talk *t)
{
	if (t->shown)
		return t->shown;
	return t->count ? t->turns[t->at].text : "";
}

/* ---- the left ---- */

static void draw_list(const struct talk *t)
{
	unsigned rows = top_talk_rows(), width = top_talk_left();
	size_t first = rows && t->at >= rows ? t->at - rows + 1 : 0;
	struct buf line;

	buf_init(&line, LINE_SIZE);
	for (unsigned y = 0; y < rows && first + y < t->count; y++) {
		const struct turn *turn = &t->turns[first + y];
		unsigned n = safe_text_add(&line, span_str(turn->label), t->k->utf8, LINE_SIZE);

		while (n > width && line.len) {
			line.len = utf8_whole(span_of(line.ptr, line.len - 1));
			n--;
		}
		buf_addf(&line, "%*s", (int)(n < width ? width - n : 0), "");
		top_screen_put(t->v->screen, y + 2, 0,
			       first + y == t->at ? LOOK_CHOSEN
			       : turn->failed	  ? LOOK_FAILED
						  : LOOK_PLAIN,
			       line.ptr);
		buf_reset(&line);
	}
	buf_done(&line);
}

/* ---- the right ---- */

/* What a colour of sink/page.c is on this screen. */
static enum top_look look_of(long code)
{
	switch (code) {
	case 1:
		return LOOK_STRONG;
	case 2:
		return LOOK_META;
	case 31:
		return LOOK_FAILED;
	case 32:
		return LOOK_SAY;
	case 35:
		return LOOK_WARN;
	case 36:
		return LOOK_ACTIVE;
	case 94:
		return LOOK_USER;
	default:
		return LOOK_PLAIN;
	}
}

/* A row of text whose only escape sequences are "ESC [ code m". */
static void draw_colored(const struct top_screen *screen, unsigned y, unsigned x, const char *text)
{
	enum top_look look = LOOK_PLAIN;

	while (*text) {
		size_t len = strcspn(text, "\x1b");
		AUTO_FREE char *piece = xstrndup(text, len);

		x = len ? top_screen_put(screen, y, x, look, piece) : x;
		text += len;
		if (text[0] && text[1])
			look = look_of(strtol(text + 2, NULL, 10));
		text += strcspn(text, "m");
		text += *text == 'm';
	}
}

static const char *line_at(const char *text, size_t n)
{
	for (; n && *text; text++)
		n -= *text == '\n';
	return text;
}

static void draw_text(const struct talk *t, const char *text, unsigned y, unsigned rows)
{
	for (; rows && *text; y++, rows--) {
		size_t len = strcspn(text, "\n");
		AUTO_FREE char *line = xstrndup(text, len);

		draw_colored(t->v->screen, y, top_talk_left() + 2, line);
		text += len + (text[len] == '\n');
	}
}

/* The call under way, below what is shown of the last one. Returns how many rows it takes. */
static unsigned draw_live(const struct talk *t, unsigned bottom)
{
	const struct registry_row *now = t->row ? t->row->now : NULL;
	unsigned width = t->columns, most = top_talk_rows() / 2, rows;
	struct buf text;
	size_t n;

	if (!now || !now->in_flight || t->at + 1 < t->count || t->tab != TAB_MESSAGES || most < 2)
		return 0;
	buf_init(&text, LIVE_MAX);
	n = top_wrap(&text, top_wrap_end(span_str(now->tail), most, width), "\x1b[32m", width,
		     t->k->utf8);
	buf_addc(&text, '\0');
	rows = n + 1 < most ? (unsigned)n + 1 : most;
	draw_colored(t->v->screen, bottom - rows, top_talk_left() + 2,
		     now->text_bytes ? "\x1b[2mthe next turn is written:"
				     : "\x1b[2mthe next turn waits for its answer");
	draw_text(t, line_at(text.ptr, n - (rows - 1)), bottom - rows + 1, rows - 1);
	buf_done(&text);
	return rows;
}

/* ---- around it ---- */

static void put_fitted(const struct talk *t, unsigned y, enum top_look look, const char *text)
{
	unsigned columns = top_screen_columns();
	struct buf line;

	buf_init(&line, LINE_SIZE);
	safe_text_add(&line, span_str(text), t->k->utf8, columns > 3 ? columns - 3 : 0);
	buf_addc(&line, '\0');
	top_screen_row(t->v->screen, y, look, line.ptr);
	buf_done(&line);
}

static void draw_title(const struct talk *t)
{
	const struct session *r = t->row;
	AUTO_FREE char *text =
		r ? xasprintf("%s%s%s  %s", r->program ? r->program : "?", r->kind ? " " : "",
			      r->kind ? r->kind : "", r->title ? r->title : "")
		  : xstrdup("(it is gone)");

	put_fitted(t, 0, LOOK_HEAD, text);
}

/* Where not all names have room, the one that is shown has its name. */
static bool names_fit(void)
{
	size_t columns = 0;

	for (unsigned i = 0; i < TABS; i++)
		columns += strlen(" 1  ") + strlen(top_tab_name(i));
	return columns <= top_screen_columns();
}

static void draw_tabs(const struct talk *t)
{
	bool all = names_fit();
	unsigned x = 0;

	for (unsigned i = 0; i < TABS; i++) {
		bool named = all || (i == t->tab && !t->diff);
		AUTO_FREE char *name = xasprintf(" %u%s%s ", i + 1, named ? " " : "",
						 named ? top_tab_name(i) : "");

		x = top_screen_put(t->v->screen, 1, x,
				   i == t->tab && !t->diff ? LOOK_CHOSEN : LOOK_META, name);
	}
	if (t->diff)
		top_screen_put(t->v->screen, 1, x, LOOK_CHOSEN, " Diff ");
}

static void draw_bottom(const struct talk *t)
{
	AUTO_FREE char *keys = xasprintf(
		"%zu of %zu%s  j k turn  Space text  Tab side  d diff  e y save  ? keys  q back",
		t->count ? t->at + 1 : 0, t->count, t->follow ? " F" : "");
	unsigned y = top_screen_rows() - 1;

	if (t->prompt.of != PROMPT_NONE)
		top_prompt_draw(&t->prompt, t->v->screen, t->k->utf8);
	else if (t->said[0])
		put_fitted(t, y, t->said_failure ? LOOK_FAILED : LOOK_META, t->said);
	else
		put_fitted(t, y, LOOK_META, keys);
}

static const struct top_help help[] = {
	{ "j k, arrows", "next turn, turn before" },
	{ "g G", "first turn, last turn" },
	{ "Space b, PgDn", "the text on, back" },
	{ "Tab, 1 to 7", "the side that is shown" },
	{ "d", "what differs from the turn before" },
	{ "r", "raw: the whole record" },
	{ "v", "texts whole, or cut" },
	{ "F", "the last turn stays chosen while others come" },
	{ "e", "this call to a file (Markdown, HTML, HAR or JSON), mode 0600" },
	{ "y", "as a curl command: to the clipboard, where the terminal lets it (OSC 52), and "
	       "to a file; the key is a variable" },
	{ "q Esc", "to the table" },
};

void top_talk_draw(struct talk *t)
{
	unsigned rows = top_talk_rows();

	top_screen_begin();
	if (t->help) {
		t->help_next = top_help_draw(t->v->screen, help, sizeof(help) / sizeof(*help),
					     t->help_from);
	} else {
		draw_title(t);
		draw_tabs(t);
		draw_list(t);
		rows -= draw_live(t, rows + 2);
		draw_text(t, line_at(top_talk_text(t), t->scroll), 2, rows);
		draw_bottom(t);
	}
	top_screen_end();
}
