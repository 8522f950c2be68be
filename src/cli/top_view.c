/* SPDX-License-Identifier: MIT */
#include "cli/top_view.h"

#include <curses.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/safe_text.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "cli/top_filter.h"
#include "cli/top_lines.h"
#include "cli/top_screen.h"
#include "cli/top_talk.h"
#include "run/by_signal.h"

#define REFRESH_MS 1000
#define TYPED_SIZE 200
/* Above the rows: totals, what was spent, heads. */
#define ROWS_ABOVE 3

struct top_view {
	struct kept *k;
	struct top_screen *screen;
	struct sessions *sessions;
	struct top_layout layout;
	enum session_order order;
	bool flat;
	size_t at, first;	  /* the row that is chosen, and that stands at the top */
	struct top_filter filter; /* that rows are made with */
	bool typing, help;
	char typed[TYPED_SIZE];
	char wrong[320]; /* as an error's text; "": nothing is */
	int ended;	 /* 1: the person ends it, or a signal does */
};

/* ---- what is shown ---- */

static struct session *chosen(const struct top_view *v)
{
	return v->at < v->sessions->count ? v->sessions->rows[v->at] : NULL;
}

static void choose(struct top_view *v, size_t at)
{
	size_t count = v->sessions->count;

	v->at = at < count ? at : count ? count - 1 : 0;
}

/* The row stays chosen, wherever it goes; but the first one is whichever comes first. */
static void arrange(struct top_view *v)
{
	const struct session *row = v->at ? chosen(v) : NULL;

	sessions_arrange(v->sessions, v->order, !v->flat);
	for (size_t i = 0; row && i < v->sessions->count; i++)
		if (v->sessions->rows[i] == row)
			v->at = i;
	choose(v, v->at);
}

static void say(struct top_view *v, const char *text)
{
	snprintf(v->wrong, sizeof(v->wrong), "%s", text);
}

/* All of it anew. */
static int load(struct top_view *v, struct error *reterr)
{
	struct sessions *s = sessions_new(top_today());
	int err = sessions_read(s, v->k->view, &v->k->query, &v->filter.select, reterr);

	sessions_free(v->sessions);
	v->sessions = s;
	sessions_arrange(s, v->order, !v->flat);
	choose(v, v->at);
	return err;
}

/* What an archive got since; on a new day, all of it. */
static void refresh_rows(struct top_view *v)
{
	struct view_query q = v->k->query;
	struct error why = { 0 };
	int err;

	if (!view_is_archive(v->k->view))
		return;
	q.after = v->sessions->newest;
	if (v->sessions->today_ns != top_today())
		err = load(v, &why);
	else
		err = sessions_read(v->sessions, v->k->view, &q, &v->filter.select, &why);
	if (err)
		say(v, why.text);
	arrange(v);
}

/* ---- drawing ---- */

static unsigned row_lines(void)
{
	unsigned rows = top_screen_rows();

	return rows > ROWS_ABOVE + 1 ? rows - ROWS_ABOVE - 1 : 1;
}

static enum top_look look_of(const struct top_view *v, size_t at)
{
	if (at == v->at)
		return LOOK_CHOSEN;
	switch (v->sessions->rows[at]->state) {
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

static const char *text_of(struct buf *line)
{
	buf_addc(line, '\0');
	return line->ptr;
}

static void draw_top(struct top_view *v, struct buf *line)
{
	top_lay_out(&v->layout, v->sessions, top_screen_columns(), v->k->utf8);
	top_write_totals(line, &v->layout, v->sessions);
	top_screen_row(v->screen, 0, LOOK_STRONG, text_of(line));
	buf_reset(line);
	top_write_spent(line, &v->layout, v->sessions);
	top_screen_row(v->screen, 1, LOOK_PLAIN, text_of(line));
	buf_reset(line);
	top_write_heads(line, &v->layout);
	top_screen_row(v->screen, 2, LOOK_HEAD, text_of(line));
	buf_reset(line);
}

static void draw_rows(struct top_view *v, struct buf *line)
{
	unsigned lines = row_lines();

	if (v->at < v->first)
		v->first = v->at;
	if (v->at >= v->first + lines)
		v->first = v->at - lines + 1;
	for (unsigned y = 0; y < lines && v->first + y < v->sessions->count; y++) {
		size_t at = v->first + y;

		top_write_row(line, &v->layout, v->sessions->rows[at]);
		top_screen_row(v->screen, y + ROWS_ABOVE, look_of(v, at), text_of(line));
		buf_reset(line);
	}
}

/* The end of what is typed, and what is wrong with it. */
static void draw_prompt(const struct top_view *v, struct buf *line)
{
	unsigned y = top_screen_rows() - 1, width = top_screen_columns();
	const char *typed = v->typed;

	while (strlen(typed) + 1 > width / 2)
		typed++;
	buf_adds(line, "/");
	safe_text_add(line, span_str(typed), v->k->utf8, width);
	unsigned x = top_screen_put(v->screen, y, 0, LOOK_STRONG, text_of(line));

	buf_reset(line);
	if (!v->wrong[0] || x + 8 > width)
		return;
	safe_text_add(line, span_str(v->wrong), v->k->utf8, width - x - 6);
	top_screen_put(v->screen, y, x + 2, LOOK_FAILED, text_of(line));
	buf_reset(line);
}

static void draw_bottom(const struct top_view *v, struct buf *line)
{
	if (v->typing) {
		draw_prompt(v, line);
		return;
	}
	if (v->wrong[0]) {
		top_write_text(line, &v->layout, v->wrong);
	} else {
		AUTO_FREE char *keys =
			xasprintf("? help  Enter turns  / filter  < > by %s  t %s  "
				  "q quit",
				  session_order_name(v->order), v->flat ? "list" : "tree");

		top_write_text(line, &v->layout, keys);
	}
	top_screen_row(v->screen, top_screen_rows() - 1, LOOK_META, text_of(line));
}

static void draw_help(const struct top_view *v)
{
	static const char *const lines[] = {
		"j k, arrows    next row, row before      g G    first row, last row",
		"PgDn PgUp      a page                    Enter  its conversation, turn by turn",
		"t, F5          sub-agents below their agent, or all rows as sorted",
		"< > s          the column to sort by",
		"/, F4          filter: words select calls (model=gpt* errors=only since=1h),",
		"               any other text is looked for in rows; an empty one ends that",
		"n N            next row with that text, row before",
		"q              end",
		"",
		"S: how the last call ended. Sums are without sub-agents, which have a row.",
		"Press a key.",
	};

	for (unsigned i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		top_screen_put(v->screen, i, 0, LOOK_PLAIN, lines[i]);
}

static void draw(struct top_view *v)
{
	struct buf line;

	buf_init(&line, TOP_LINE_MAX);
	top_screen_begin();
	if (v->help) {
		draw_help(v);
	} else {
		draw_top(v, &line);
		draw_rows(v, &line);
		draw_bottom(v, &line);
	}
	top_screen_end();
	buf_done(&line);
}

/* ---- filter ---- */

static void check_typed(struct top_view *v)
{
	struct top_filter f;
	struct error why = { 0 };

	v->wrong[0] = '\0';
	if (top_filter_read(&f, v->typed, &why) != 0)
		say(v, why.text);
	else
		top_filter_done(&f);
}

/* The next row with the text, from `at` on. */
static void look_for(struct top_view *v, size_t at, bool forward)
{
	size_t count = v->sessions->count;

	for (size_t i = 0; i < count; i++) {
		size_t to = (at + (forward ? i : count - i)) % count;

		if (top_row_says(v->sessions->rows[to], v->filter.text)) {
			v->at = to;
			return;
		}
	}
	if (count)
		say(v, "no row has this text");
}

static void next_match(struct top_view *v, bool forward)
{
	size_t count = v->sessions->count;

	if (v->filter.text && *v->filter.text && count)
		look_for(v, forward ? v->at + 1 : v->at + count - 1, forward);
}

static void apply(struct top_view *v)
{
	struct top_filter f;
	struct error why = { 0 };

	if (top_filter_read(&f, v->typed, &why) != 0) {
		say(v, why.text);
		return;
	}
	v->typing = false;
	top_filter_done(&v->filter);
	v->filter = f;
	if (load(v, &why) != 0)
		say(v, why.text);
	if (*v->filter.text)
		look_for(v, v->at, true);
}

static void rub_out(char *typed)
{
	size_t n = strlen(typed);

	while (n && ((unsigned char)typed[n - 1] & 0xc0) == 0x80)
		n--;
	typed[n ? n - 1 : 0] = '\0';
}

static void type(struct top_view *v, int key)
{
	size_t n = strlen(v->typed);

	switch (key) {
	case '\r':
	case '\n':
	case KEY_ENTER:
		apply(v);
		return;
	case '\x1b':
		v->typing = false;
		v->wrong[0] = '\0';
		return;
	case KEY_BACKSPACE:
	case '\x7f':
	case '\b':
		rub_out(v->typed);
		break;
	case 'U' - '@': /* Ctrl-U */
		v->typed[0] = '\0';
		break;
	default:
		if (key >= ' ' && key < 256 && n + 1 < sizeof(v->typed)) {
			v->typed[n] = (char)key;
			v->typed[n + 1] = '\0';
		}
	}
	check_typed(v);
}

/* ---- keys ---- */

static void open_talk(struct top_view *v)
{
	const struct session *row = chosen(v);
	struct error why = { 0 };
	int end = row ? top_talk_run(v->k, v->screen, row, &why) : 0;

	if (end < 0)
		say(v, why.text);
	v->ended = end == 1;
}

static void sort_by(struct top_view *v, bool next)
{
	unsigned step = next ? 1 : SESSIONS_ORDERS - 1;

	v->order = (enum session_order)((v->order + step) % SESSIONS_ORDERS);
	arrange(v);
}

static void move_to(struct top_view *v, int key)
{
	size_t page = row_lines();

	switch (key) {
	case 'j':
	case KEY_DOWN:
		choose(v, v->at + 1);
		break;
	case 'k':
	case KEY_UP:
		choose(v, v->at ? v->at - 1 : 0);
		break;
	case 'g':
	case KEY_HOME:
		choose(v, 0);
		break;
	case 'G':
	case KEY_END:
		choose(v, v->sessions->count);
		break;
	case KEY_NPAGE:
	case ' ':
		choose(v, v->at + page);
		break;
	case KEY_PPAGE:
	case 'b':
		choose(v, v->at > page ? v->at - page : 0);
		break;
	default:
		break;
	}
}

static void command(struct top_view *v, int key)
{
	v->wrong[0] = '\0';
	switch (key) {
	case 'q':
		v->ended = 1;
		break;
	case '?':
	case 'h':
	case KEY_F(1):
		v->help = true;
		break;
	case '\r':
	case '\n':
	case KEY_ENTER:
		open_talk(v);
		break;
	case 't':
	case KEY_F(5):
		v->flat = !v->flat;
		arrange(v);
		break;
	case 's':
	case '>':
	case '<':
		sort_by(v, key != '<');
		break;
	case '/':
	case KEY_F(4):
		v->typing = true;
		check_typed(v);
		break;
	case 'n':
	case 'N':
		next_match(v, key == 'n');
		break;
	default:
		move_to(v, key);
	}
}

static void press(struct top_view *v, int key)
{
	if (key == KEY_RESIZE)
		return;
	if (v->help)
		v->help = false;
	else if (v->typing)
		type(v, key);
	else
		command(v, key);
}

static void watch(struct top_view *v)
{
	int ms = view_is_archive(v->k->view) ? REFRESH_MS : -1, key;

	while (!v->ended) {
		draw(v);
		key = top_screen_key(v->screen, ms);
		if (key == TOP_END)
			v->ended = 1;
		else if (key == TOP_NOTHING)
			refresh_rows(v);
		else
			press(v, key);
	}
}

int top_view_run(struct kept *k, struct error *reterr)
{
	struct top_view v = { .k = k, .filter.text = xstrdup("") };
	int signal_number = 0;
	int err = load(&v, reterr);

	if (err && v.sessions->count) {
		say(&v, reterr->text);
		*reterr = (struct error){ 0 };
		err = 0;
	}
	v.screen = err ? NULL : top_screen_open();
	if (v.screen) {
		watch(&v);
		signal_number = top_screen_signal(v.screen);
	} else if (!err) {
		err = -ENOTSUP;
	}
	top_screen_close(v.screen);
	sessions_free(v.sessions);
	top_filter_done(&v.filter);
	return signal_number ? by_signal_end(signal_number) : err;
}
