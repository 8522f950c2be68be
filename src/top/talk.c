/* SPDX-License-Identifier: MIT */
#include "top/talk.h"

#include <curses.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "top/save.h"
#include "top/talk_int.h"

#define LOOK_MS 100

static void choose(struct talk *t, size_t at)
{
	t->at = at < t->count ? at : t->count ? t->count - 1 : 0;
	t->scroll = 0;
	top_talk_hide(t);
}

/* Anew where the terminal has another width, or texts are to be whole. */
static int lay_out(struct talk *t, bool anew, struct error *reterr)
{
	unsigned all = top_screen_columns(), left = top_talk_left() + 2;
	unsigned columns = all > left ? all - left : 1;
	size_t at = t->at;
	int err;

	if (columns != t->columns || anew) {
		t->columns = columns;
		top_talk_forget(t);
	}
	err = top_talk_read(t, reterr);
	if (!t->follow)
		t->at = at < t->count ? at : t->count ? t->count - 1 : 0;
	return t->count || (t->row && t->row->now) ? 0 : err;
}

/* ---- sides ---- */

static struct exchange *whole(struct talk *t, size_t at, struct error *reterr)
{
	char number[24];

	snprintf(number, sizeof(number), "%" PRIu64, t->turns[at].id);
	return kept_one(t->k, number, reterr);
}

static void say(struct talk *t, const char *text, bool failure)
{
	snprintf(t->said, sizeof(t->said), "%s", text);
	t->said_failure = failure;
}

static void show_side(struct talk *t, struct error *reterr)
{
	struct exchange *x = whole(t, t->at, reterr);
	struct exchange *before = x && t->diff && t->at ? whole(t, t->at - 1, reterr) : NULL;

	if (x && !t->diff)
		t->shown = top_tab_text(x, t->tab, t->columns, t->k->utf8);
	else if (before)
		t->shown = top_diff_text(before, x, t->columns, t->k->utf8);
	else if (x)
		t->shown = xstrdup("there is no turn before");
	exchange_unref(before);
	exchange_unref(x);
}

/* The text of a side that is not the block. */
static void show(struct talk *t)
{
	struct error why = { 0 };
	bool block = t->tab == TAB_MESSAGES && !t->diff;

	if (block || !t->count)
		top_talk_hide(t);
	if (block || !t->count || (t->shown && t->shown_of == t->turns[t->at].id))
		return;
	top_talk_hide(t);
	t->shown_of = t->turns[t->at].id;
	show_side(t, &why);
	if (why.code)
		say(t, why.text, true);
	if (!t->shown)
		t->shown = xstrdup("");
}

static void choose_tab(struct talk *t, enum top_tab tab)
{
	t->tab = tab;
	t->diff = false;
	t->scroll = 0;
	top_talk_hide(t);
}

/* ---- what is taken out ---- */

static void copy_curl(struct talk *t)
{
	AUTO_FREE char *path = NULL;
	struct error why = { 0 };

	if (!t->count)
		return;
	if (top_save_curl(t->k, t->v->screen, t->turns[t->at].id, &path, &why) != 0) {
		say(t, why.text, true);
		return;
	}
	snprintf(t->said, sizeof(t->said),
		 "as a curl command in %s, and in the clipboard, if the terminal lets it", path);
	t->said_failure = false;
}

static void begin_export(struct talk *t)
{
	char name[64];

	if (!t->count)
		return;
	snprintf(name, sizeof(name), "llm-spy-%" PRIu64 ".md", t->turns[t->at].id);
	top_prompt_begin(&t->prompt, PROMPT_EXPORT, name);
}

static void export(struct talk *t)
{
	struct error why = { 0 };

	if (t->prompt.wrong[0])
		return;
	t->prompt.of = PROMPT_NONE;
	if (top_save_calls(t->k, &t->turns[t->at].id, 1, t->prompt.typed, &why) != 0) {
		say(t, why.text, true);
		return;
	}
	snprintf(t->said, sizeof(t->said), "written to %s", t->prompt.typed);
	t->said_failure = false;
}

/* ---- keys ---- */

static size_t lines_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void scroll_by(struct talk *t, bool down)
{
	size_t page = top_talk_rows() > 1 ? top_talk_rows() - 1 : 1;

	if (!down)
		t->scroll -= t->scroll < page ? t->scroll : page;
	else if (t->scroll + page < lines_of(top_talk_text(t)))
		t->scroll += page;
}

static void move_to(struct talk *t, int key)
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
	default:
		break;
	}
	t->follow = t->follow && t->at + 1 == t->count;
}

static void change_side(struct talk *t, int key, bool *ret_anew)
{
	if (key >= '1' && key < '1' + TABS) {
		choose_tab(t, (enum top_tab)(key - '1'));
		return;
	}
	switch (key) {
	case '\t':
		choose_tab(t, (enum top_tab)((t->tab + 1) % TABS));
		break;
	case KEY_BTAB:
		choose_tab(t, (enum top_tab)((t->tab + TABS - 1) % TABS));
		break;
	case 'r':
		choose_tab(t, TAB_RAW);
		break;
	case 'd':
		t->diff = !t->diff;
		t->scroll = 0;
		top_talk_hide(t);
		break;
	case 'v':
		t->full = !t->full;
		*ret_anew = true;
		break;
	case 'F':
		choose(t, t->count);
		t->follow = true;
		break;
	default:
		move_to(t, key);
	}
}

static void use_mouse(struct talk *t)
{
	unsigned x, y;
	enum top_mouse m = top_screen_mouse(&x, &y);
	unsigned rows = top_talk_rows();
	size_t first = rows && t->at >= rows ? t->at - rows + 1 : 0;

	if (m == MOUSE_CLICK && x < top_talk_left() && y >= 2 && y < rows + 2)
		choose(t, first + y - 2);
	else if (m == MOUSE_UP)
		t->scroll -= t->scroll < 3 ? t->scroll : 3;
	else if (m == MOUSE_DOWN && t->scroll + 3 < lines_of(top_talk_text(t)))
		t->scroll += 3;
}

static void type(struct talk *t, int key)
{
	switch (top_prompt_type(&t->prompt, key)) {
	case PROMPT_TYPED:
		break;
	case PROMPT_ENTERED:
		export(t);
		break;
	case PROMPT_LEFT:
		t->prompt.of = PROMPT_NONE;
	}
}

/* False: back to where it was opened. */
static bool command(struct talk *t, int key, bool *ret_anew)
{
	t->said[0] = '\0';
	switch (key) {
	case 'q':
	case '\x1b':
	case KEY_LEFT:
		return false;
	case 'e':
		begin_export(t);
		break;
	case 'y':
		copy_curl(t);
		break;
	case '?':
	case 'h':
	case KEY_F(1):
		t->help = true;
		t->help_from = 0;
		break;
	default:
		change_side(t, key, ret_anew);
	}
	return true;
}

static void turn_page(struct talk *t)
{
	t->help_from = t->help_next;
	t->help = t->help_next != 0;
}

static bool press(struct talk *t, int key, bool *ret_anew)
{
	if (key == KEY_RESIZE || key == TOP_NOTHING)
		return true;
	if (t->help)
		turn_page(t);
	else if (t->prompt.of != PROMPT_NONE)
		type(t, key);
	else if (key == KEY_MOUSE)
		use_mouse(t);
	else
		return command(t, key, ret_anew);
	return true;
}

/* ---- all ---- */

/* The table goes on meanwhile, and its rows may be made anew. */
static bool look(struct talk *t)
{
	struct error why = { 0 };
	bool news = !t->v->paused && top_model_refresh(&t->v->m, &why);

	t->row = sessions_find(t->v->m.sessions, t->key);
	if (why.code)
		say(t, why.text, true);
	return news;
}

static bool is_over(const struct talk *t, int key)
{
	return key == TOP_END || atomic_load(&t->v->source->signals->stop);
}

static int converse(struct talk *t, struct error *reterr)
{
	int ms = top_model_follows(&t->v->m) ? LOOK_MS : -1, key = TOP_NOTHING, err;
	bool anew = false, dirty = true;

	do {
		err = dirty ? lay_out(t, anew, reterr) : 0;
		if (err)
			return err;
		anew = false;
		if (dirty) {
			show(t);
			top_talk_draw(t);
		}
		key = top_screen_key(t->v->screen, ms);
		dirty = look(t) || key != TOP_NOTHING;
	} while (!is_over(t, key) && press(t, key, &anew));
	return is_over(t, key);
}

static void find_call(struct talk *t, uint64_t id)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->turns[i].id == id) {
			t->follow = false;
			choose(t, i);
		}
}

int top_talk_run(struct top_view *v, const struct session *row, uint64_t id, struct error *reterr)
{
	struct talk t = {
		.v = v, .k = v->m.k, .row = row, .key = xstrdup(row->key), .follow = true
	};
	int err = lay_out(&t, false, reterr);

	if (id)
		find_call(&t, id);
	if (!err)
		err = converse(&t, reterr);
	top_talk_forget(&t);
	free(t.key);
	return err;
}
