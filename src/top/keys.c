/* SPDX-License-Identifier: MIT */
/* What keys and the mouse do to the table. */
#include <curses.h>

#include "top/view_int.h"

#define WHEEL 3

/* ---- keys ---- */

static void enter(struct top_view *v)
{
	bool done = false;

	if (v->prompt.wrong[0])
		return;
	v->said[0] = '\0';
	if (v->prompt.of == PROMPT_FILTER)
		done = top_view_apply_filter(v);
	else if (v->prompt.of == PROMPT_JUMP)
		done = top_view_jump(v);
	else
		done = top_view_export(v);
	if (done)
		v->prompt.of = PROMPT_NONE;
}

static void type(struct top_view *v, int key)
{
	switch (top_prompt_type(&v->prompt, key)) {
	case PROMPT_TYPED:
		break;
	case PROMPT_ENTERED:
		enter(v);
		break;
	case PROMPT_LEFT:
		v->prompt.of = PROMPT_NONE;
	}
}

static void sort_by(struct top_view *v, bool next)
{
	unsigned step = next ? 1 : SESSIONS_ORDERS - 1;

	v->m.order = (enum session_order)((v->m.order + step) % SESSIONS_ORDERS);
	top_view_arrange(v);
}

static void step(struct top_view *v, int steps)
{
	struct error why = { 0 };

	if (v->m.store || view_is_archive(v->m.k->view))
		top_view_say(v, "only a recording or jsonl can be shown as of a moment: this one "
				"goes on");
	else if (top_model_step(&v->m, steps, &why) != 0)
		top_view_say(v, why.text);
	top_view_find_chosen(v);
}

static void move_to(struct top_view *v, int key)
{
	size_t page = top_view_rows(v);

	switch (key) {
	case 'j':
	case KEY_DOWN:
		top_view_choose(v, v->at + 1);
		break;
	case 'k':
	case KEY_UP:
		top_view_choose(v, v->at ? v->at - 1 : 0);
		break;
	case 'g':
	case KEY_HOME:
		top_view_choose(v, 0);
		break;
	case 'G':
	case KEY_END:
		top_view_choose(v, v->m.sessions->count);
		break;
	case KEY_NPAGE:
	case ' ':
		top_view_choose(v, v->at + page);
		break;
	case KEY_PPAGE:
	case 'b':
		top_view_choose(v, v->at > page ? v->at - page : 0);
		break;
	case KEY_LEFT:
	case KEY_RIGHT:
		step(v, key == KEY_LEFT ? -1 : 1);
		break;
	default:
		break;
	}
}

static void change_view(struct top_view *v, int key)
{
	switch (key) {
	case 't':
	case KEY_F(5):
		v->m.tree = (v->m.tree + 1) % SESSIONS_TREES;
		top_view_arrange(v);
		break;
	case 's':
	case '>':
	case '<':
	case KEY_F(6):
		sort_by(v, key != '<');
		break;
	case 'o':
	case KEY_F(2):
		v->overlay = OVERLAY_COLUMNS;
		break;
	case '?':
	case 'h':
	case KEY_F(1):
		v->overlay = OVERLAY_HELP;
		v->help_from = 0;
		break;
	case 'p':
		v->paused = !v->paused;
		break;
	case 'F':
		top_view_choose(v, 0);
		break;
	default:
		move_to(v, key);
	}
}

static void command(struct top_view *v, int key)
{
	v->said[0] = '\0';
	switch (key) {
	case 'q':
	case KEY_F(10):
		v->ended = true;
		break;
	case '\r':
	case '\n':
	case KEY_ENTER:
		top_view_open_talk(v, 0);
		break;
	case '/':
	case KEY_F(4):
		top_prompt_begin(&v->prompt, PROMPT_FILTER, v->filtered_by);
		break;
	case ':':
		top_prompt_begin(&v->prompt, PROMPT_JUMP, "");
		break;
	case 'e':
		top_view_begin_export(v);
		break;
	case 'n':
	case 'N':
		top_view_next_match(v, key == 'n');
		break;
	default:
		change_view(v, key);
	}
}

static void choose_columns(struct top_view *v, int key)
{
	switch (key) {
	case 'j':
	case KEY_DOWN:
		v->column += v->column + 1 < TOP_COLUMNS;
		break;
	case 'k':
	case KEY_UP:
		v->column -= v->column > 0;
		break;
	case ' ':
	case '\r':
	case '\n':
	case KEY_ENTER:
		v->columns ^= 1u << v->column;
		break;
	default:
		v->overlay = OVERLAY_NONE;
	}
}

/* ---- mouse ---- */

static const struct {
	enum top_column column;
	enum session_order order;
} orders[] = {
	{ T_PID, SESSIONS_BY_PID },	  { T_USER, SESSIONS_BY_USER },
	{ T_AGENT, SESSIONS_BY_PROGRAM }, { T_MODEL, SESSIONS_BY_MODEL },
	{ T_CALLS, SESSIONS_BY_CALLS },	  { T_FAIL, SESSIONS_BY_FAILED },
	{ T_IN, SESSIONS_BY_INPUT },	  { T_OUT, SESSIONS_BY_OUTPUT },
	{ T_USD, SESSIONS_BY_USD },	  { T_FIRST, SESSIONS_BY_FIRST_TOKEN },
	{ T_NOW, SESSIONS_BY_TIME },	  { T_AGO, SESSIONS_BY_TIME },
};

static void sort_by_head(struct top_view *v, unsigned x)
{
	enum top_column column = top_column_at(&v->layout, x);

	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++)
		if (orders[i].column == column)
			v->m.order = orders[i].order;
	top_view_arrange(v);
}

static void click(struct top_view *v, unsigned x, unsigned y)
{
	size_t at = v->first + y - ROWS_ABOVE;

	if (y + 1 == ROWS_ABOVE)
		sort_by_head(v, x);
	if (y < ROWS_ABOVE || y >= ROWS_ABOVE + top_view_rows(v) || at >= v->m.sessions->count)
		return;
	if (at == v->at)
		top_view_open_talk(v, 0);
	else
		top_view_choose(v, at);
}

static void use_mouse(struct top_view *v)
{
	unsigned x, y;

	switch (top_screen_mouse(&x, &y)) {
	case MOUSE_CLICK:
		click(v, x, y);
		break;
	case MOUSE_UP:
		top_view_choose(v, v->at > WHEEL ? v->at - WHEEL : 0);
		break;
	case MOUSE_DOWN:
		top_view_choose(v, v->at + WHEEL);
		break;
	case MOUSE_NOTHING:
		break;
	}
}

/* ---- all ---- */

static void turn_page(struct top_view *v)
{
	v->help_from = v->help_next;
	if (!v->help_next)
		v->overlay = OVERLAY_NONE;
}

void top_view_press(struct top_view *v, int key)
{
	if (key == KEY_RESIZE)
		return;
	if (v->overlay == OVERLAY_HELP)
		turn_page(v);
	else if (v->overlay == OVERLAY_COLUMNS)
		choose_columns(v, key);
	else if (v->prompt.of != PROMPT_NONE)
		type(v, key);
	else if (key == KEY_MOUSE)
		use_mouse(v);
	else
		command(v, key);
}
