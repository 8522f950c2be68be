/* SPDX-License-Identifier: MIT */
#include "cli/top_talk.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/safe_text.h"
#include "base/units.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "exchange/account.h"
#include "exchange/spender.h"
#include "sink/block.h"

/* The latest ones, of an agent that made more. */
#define TURNS_MAX     1000
#define HISTORY_BYTES (32u << 20)
#define LEFT_COLUMNS  24
#define LINE_SIZE     65536

struct turn {
	char *label, *text;
	bool failed;
};

struct talk {
	struct kept *k;
	const struct session *row;
	uint64_t *ids; /* of its latest calls, in order */
	size_t nids;
	unsigned columns; /* that blocks are written for */
	struct history *history;
	struct turn *turns;
	size_t count, at, scroll;
};

/* ---- reading ---- */

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void add_time(struct buf *out, const struct exchange *x)
{
	time_t seconds = (time_t)(exchange_began_ns(x) / 1000000000);
	char text[16];
	struct tm tm;

	if (!seconds || !localtime_r(&seconds, &tm))
		return;
	strftime(text, sizeof(text), "%H:%M:%S ", &tm);
	buf_adds(out, text);
}

static void add_tokens(struct buf *out, const char *sign, int64_t n)
{
	buf_addf(out, "%s%s", sign, n == COUNT_UNKNOWN ? "?" : text_tokens((uint64_t)n).text);
}

/* "14:02:11 t7 27.3k→812" */
static char *label_of(const struct talk *t, const struct exchange *x)
{
	struct buf label;

	buf_init(&label, 200);
	add_time(&label, x);
	if (x->conversation.turn)
		buf_addf(&label, "t%u", x->conversation.turn);
	add_tokens(&label, " ", x->usage.input);
	add_tokens(&label, t->k->utf8 ? "→" : ">", x->usage.output);
	return buf_take(&label);
}

static char *block_of(const struct talk *t, const struct exchange *x)
{
	const struct block_style style = { .width = t->columns, .color = true, .utf8 = t->k->utf8 };
	const struct block b = { .x = x, .history = t->history };
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return xstrdup("");
	block_write(f, &style, &b);
	fclose(f);
	return text;
}

static int on_call(void *arg, const struct exchange *x, struct error *reterr)
{
	struct talk *t = arg;
	struct turn *turn;

	if (!bsearch(&x->id, t->ids, t->nids, sizeof(*t->ids), by_number) ||
	    !session_has(t->row, x))
		return 0;
	t->turns = xgrow(t->turns, t->count, sizeof(*t->turns));
	turn = &t->turns[t->count++];
	turn->label = label_of(t, x);
	turn->text = block_of(t, x);
	turn->failed = exchange_failed(x);
	history_add(t->history, x);
	return 0;
}

static void forget(struct talk *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->turns[i].label);
		free(t->turns[i].text);
	}
	free(t->turns);
	t->turns = NULL;
	t->count = 0;
	history_free(t->history);
	t->history = NULL;
}

/* An archive finds each by its number; a file is read from the front. */
static int read_calls(struct talk *t, struct error *reterr)
{
	struct view_query q = t->k->query;
	int err = 0;

	t->history = history_new(HISTORY_BYTES);
	q.whole = q.calls = true;
	if (!view_is_archive(t->k->view))
		return view_each(t->k->view, &q, on_call, t, reterr);
	for (size_t i = 0; i < t->nids && !err; i++) {
		q.id = t->ids[i];
		err = view_each(t->k->view, &q, on_call, t, reterr);
	}
	return err;
}

static unsigned left_of(unsigned columns)
{
	return columns >= 3 * LEFT_COLUMNS ? LEFT_COLUMNS : columns / 3;
}

/* Anew where the terminal has another width. */
static int lay_out(struct talk *t, struct error *reterr)
{
	unsigned all = top_screen_columns(), left = left_of(all) + 2;
	unsigned columns = all > left ? all - left : 1;
	int err;

	if (columns == t->columns)
		return 0;
	t->columns = columns;
	forget(t);
	err = read_calls(t, reterr);
	t->at = t->at < t->count ? t->at : t->count ? t->count - 1 : 0;
	return t->count ? 0 : err;
}

/* ---- drawing ---- */

static size_t lines_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static const char *line_at(const char *text, size_t n)
{
	for (; n && *text; text++)
		n -= *text == '\n';
	return text;
}

static unsigned body_rows(void)
{
	unsigned rows = top_screen_rows();

	return rows > 2 ? rows - 2 : 0;
}

static void draw_list(const struct talk *t, const struct top_screen *screen, unsigned width)
{
	unsigned rows = body_rows();
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
		top_screen_put(screen, y + 1, 0,
			       first + y == t->at ? LOOK_CHOSEN
			       : turn->failed	  ? LOOK_FAILED
						  : LOOK_PLAIN,
			       line.ptr);
		buf_reset(&line);
	}
	buf_done(&line);
}

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

/* A row of a block, whose only escape sequences are "ESC [ code m" of its colours. */
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

static void draw_block(const struct talk *t, const struct top_screen *screen, unsigned x)
{
	const char *text = t->count ? line_at(t->turns[t->at].text, t->scroll) : "";

	for (unsigned y = 0; y < body_rows() && *text; y++) {
		size_t len = strcspn(text, "\n");
		AUTO_FREE char *line = xstrndup(text, len);

		draw_colored(screen, y + 1, x, line);
		text += len + (text[len] == '\n');
	}
}

static void draw_title(const struct talk *t, const struct top_screen *screen)
{
	const struct session *r = t->row;
	AUTO_FREE char *text =
		xasprintf("%s%s%s  %s", r->program ? r->program : "?", r->kind ? " " : "",
			  r->kind ? r->kind : "", r->title ? r->title : "");
	unsigned columns = top_screen_columns();
	struct buf line;

	buf_init(&line, LINE_SIZE);
	safe_text_add(&line, span_str(text), t->k->utf8, columns > 16 ? columns - 16 : 0);
	buf_addc(&line, '\0');
	top_screen_row(screen, 0, LOOK_HEAD, line.ptr);
	buf_done(&line);
}

static void draw(const struct talk *t, const struct top_screen *screen)
{
	unsigned left = left_of(top_screen_columns());
	AUTO_FREE char *keys = xasprintf("%zu of %zu%s  j k turn  PgUp PgDn block  q back",
					 t->count ? t->at + 1 : 0, t->count,
					 t->row->ncalls > TURNS_MAX ? " latest calls" : "");

	top_screen_begin();
	draw_title(t, screen);
	draw_list(t, screen, left);
	draw_block(t, screen, left + 2);
	top_screen_row(screen, top_screen_rows() - 1, LOOK_META, keys);
	top_screen_end();
}

/* ---- keys ---- */

static void choose(struct talk *t, size_t at)
{
	t->at = at < t->count ? at : t->count ? t->count - 1 : 0;
	t->scroll = 0;
}

static void scroll_by(struct talk *t, bool down)
{
	size_t page = body_rows() > 1 ? body_rows() - 1 : 1;
	size_t lines = t->count ? lines_of(t->turns[t->at].text) : 0;

	if (!down)
		t->scroll -= t->scroll < page ? t->scroll : page;
	else if (t->scroll + page < lines)
		t->scroll += page;
}

/* False: back to where it was opened. */
static bool press(struct talk *t, int key)
{
	switch (key) {
	case 'j':
	case KEY_DOWN:
		choose(t, t->at + 1);
		break;
	case 'k':
	case KEY_UP:
		choose(t, t->at ? t->at - 1 : 0);
		break;
	case 'g':
	case KEY_HOME:
		choose(t, 0);
		break;
	case 'G':
	case KEY_END:
		choose(t, t->count);
		break;
	case ' ':
	case KEY_NPAGE:
		scroll_by(t, true);
		break;
	case 'b':
	case KEY_PPAGE:
		scroll_by(t, false);
		break;
	case 'q':
	case '\x1b':
	case KEY_LEFT:
		return false;
	default:
		break;
	}
	return true;
}

static int converse(struct talk *t, struct top_screen *screen, struct error *reterr)
{
	int key = TOP_NOTHING, err;

	do {
		err = lay_out(t, reterr);
		if (err)
			return err;
		draw(t, screen);
		key = top_screen_key(screen, -1);
	} while (key != TOP_END && press(t, key));
	return key == TOP_END;
}

int top_talk_run(struct kept *k, struct top_screen *screen, const struct session *row,
		 struct error *reterr)
{
	size_t n = row->ncalls < TURNS_MAX ? row->ncalls : TURNS_MAX;
	struct talk t = { .k = k, .row = row, .nids = n, .at = n ? n - 1 : 0 };
	int err;

	t.ids = xcalloc(n ? n : 1, sizeof(*t.ids));
	memcpy(t.ids, row->calls + (row->ncalls - n), n * sizeof(*t.ids));
	qsort(t.ids, n, sizeof(*t.ids), by_number);
	err = converse(&t, screen, reterr);
	forget(&t);
	free(t.ids);
	return err;
}
