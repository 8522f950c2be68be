/* SPDX-License-Identifier: MIT */
#include "top/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "top/save.h"
#include "top/talk.h"
#include "top/view_int.h"

/* How often it is looked whether something has changed; and drawn at most. */
#define LOOK_MS	 100
#define FRAME_NS 50000000ull

/* ---- what is shown ---- */

struct session *top_view_chosen(const struct top_view *v)
{
	const struct sessions *s = v->m.sessions;

	return v->at < s->count ? s->rows[v->at] : NULL;
}

void top_view_say(struct top_view *v, const char *text)
{
	snprintf(v->said, sizeof(v->said), "%s", text);
	v->said_failure = true;
}

/* The row is remembered by its key; but the first one is whichever comes first. */
void top_view_choose(struct top_view *v, size_t at)
{
	size_t count = v->m.sessions->count;
	const struct session *row;

	v->at = at < count ? at : count ? count - 1 : 0;
	row = v->at ? top_view_chosen(v) : NULL;
	free(v->chosen_key);
	v->chosen_key = row ? xstrdup(row->key) : NULL;
}

/* Where the chosen row is by now. */
void top_view_find_chosen(struct top_view *v)
{
	const struct sessions *s = v->m.sessions;
	const struct session *row = v->chosen_key ? sessions_find(s, v->chosen_key) : NULL;

	if (!v->chosen_key)
		v->at = 0;
	for (size_t i = 0; row && i < s->count; i++)
		if (s->rows[i] == row)
			v->at = i;
	if (v->at >= s->count || !v->at)
		top_view_choose(v, v->at);
}

void top_view_arrange(struct top_view *v)
{
	top_model_arrange(&v->m);
	top_view_find_chosen(v);
}

static void load(struct top_view *v)
{
	struct error why = { 0 };

	if (top_model_load(&v->m, &why) != 0)
		top_view_say(v, why.text);
	top_view_find_chosen(v);
}

/* Whether something is to be drawn anew. */
static bool refresh_rows(struct top_view *v)
{
	struct error why = { 0 };
	const char *ended = atomic_load(&v->source->signals->ended);
	bool news = v->m.ended != ended;

	v->m.ended = ended;
	if (v->paused)
		return news;
	news |= top_model_refresh(&v->m, &why);
	if (why.code)
		top_view_say(v, why.text);
	top_view_find_chosen(v);
	return news;
}

/* ---- filter ---- */

/* The next row with the text, from `at` on. */
static void look_for(struct top_view *v, size_t at, bool forward)
{
	size_t count = v->m.sessions->count;

	for (size_t i = 0; i < count; i++) {
		size_t to = (at + (forward ? i : count - i)) % count;

		if (top_row_says(v->m.sessions->rows[to], v->filter.text)) {
			top_view_choose(v, to);
			return;
		}
	}
	if (count)
		top_view_say(v, "no row has this text");
}

void top_view_next_match(struct top_view *v, bool forward)
{
	size_t count = v->m.sessions->count;

	if (v->filter.text && *v->filter.text && count)
		look_for(v, forward ? v->at + 1 : v->at + count - 1, forward);
}

bool top_view_apply_filter(struct top_view *v)
{
	struct top_filter f;
	struct error why = { 0 };

	if (top_filter_read(&f, v->prompt.typed, &why) != 0)
		return false;
	top_filter_done(&v->filter);
	v->filter = f;
	memcpy(v->filtered_by, v->prompt.typed, sizeof(v->filtered_by));
	load(v);
	if (*v->filter.text)
		look_for(v, v->at, true);
	return true;
}

/* ---- conversations ---- */

void top_view_open_talk(struct top_view *v, uint64_t id)
{
	const struct session *row = top_view_chosen(v);
	struct error why = { 0 };
	int end = row ? top_talk_run(v, row, id, &why) : 0;

	if (end < 0)
		top_view_say(v, why.text);
	v->ended |= end == 1;
}

static bool has_call(const struct session *r, uint64_t id)
{
	for (size_t i = 0; i < r->ncalls; i++)
		if (r->calls[i] == id)
			return true;
	return false;
}

/* A call by its number; else a conversation. */
bool top_view_jump(struct top_view *v)
{
	const char *typed = v->prompt.typed + (*v->prompt.typed == '#');
	const struct sessions *s = v->m.sessions;
	bool number = *typed && typed[strspn(typed, "0123456789")] == '\0';
	uint64_t id = number ? strtoull(typed, NULL, 10) : 0;

	for (size_t i = 0; id && i < s->count; i++)
		if (has_call(s->rows[i], id)) {
			top_view_choose(v, i);
			top_view_open_talk(v, id);
			return true;
		}
	for (size_t i = 0; *typed && i < s->count; i++)
		if (strncmp(s->rows[i]->conversation, typed, strlen(typed)) == 0) {
			top_view_choose(v, i);
			return true;
		}
	top_view_say(v, "no call has this number, and no conversation begins so");
	return true;
}

/* ---- a file ---- */

void top_view_begin_export(struct top_view *v)
{
	const struct session *r = top_view_chosen(v);
	char name[64];

	if (!r || !r->ncalls)
		return;
	snprintf(name, sizeof(name), "llm-spy-%.6s.md",
		 r->conversation[0] ? r->conversation : "calls");
	top_prompt_begin(&v->prompt, PROMPT_EXPORT, name);
}

bool top_view_export(struct top_view *v)
{
	const struct session *r = top_view_chosen(v);
	struct error why = { 0 };

	if (!r)
		return true;
	if (top_save_calls(v->m.k, r->calls, r->ncalls, v->prompt.typed, &why) != 0) {
		top_view_say(v, why.text);
		return true;
	}
	snprintf(v->said, sizeof(v->said), "%zu call%s written to %s", r->ncalls,
		 r->ncalls == 1 ? "" : "s", v->prompt.typed);
	v->said_failure = false;
	return true;
}

/* ---- all ---- */

/* How long to wait for a key: until the next frame is due, or something may have changed. */
static int wait_ms(const struct top_view *v, bool dirty, uint64_t drawn)
{
	uint64_t now = now_ns(), due = drawn + FRAME_NS;

	if (dirty)
		return due > now ? (int)((due - now) / 1000000) + 1 : 0;
	return top_model_follows(&v->m) ? LOOK_MS : -1;
}

static void watch(struct top_view *v)
{
	uint64_t drawn = 0, looked = now_ns();
	bool dirty = true;

	while (!v->ended && !atomic_load(&v->source->signals->stop)) {
		int key;

		if (dirty && now_ns() - drawn >= FRAME_NS) {
			top_view_draw(v);
			drawn = now_ns();
			dirty = false;
		}
		key = top_screen_key(v->screen, wait_ms(v, dirty, drawn));
		v->ended |= key == TOP_END;
		if (key != TOP_END && key != TOP_NOTHING) {
			top_view_press(v, key);
			dirty = true;
		}
		if (now_ns() - looked >= LOOK_MS * 1000000ull) {
			dirty |= refresh_rows(v);
			looked = now_ns();
		}
	}
}

/* A large archive takes a moment. */
static void draw_waiting(const struct top_view *v)
{
	top_screen_begin();
	top_screen_put(v->screen, 0, 0, LOOK_STRONG, "llm-spy top  reads what was kept ...");
	top_screen_end();
}

static void view_done(struct top_view *v)
{
	top_screen_close(v->screen);
	top_model_done(&v->m);
	top_filter_done(&v->filter);
	free(v->chosen_key);
}

int top_view_run(const struct top_source *s, int *ret_signal, struct error *reterr)
{
	struct top_view v = { .m = { .k = s->k, .store = s->store, .name = s->name },
			      .filter.text = xstrdup(""),
			      .layout.utf8 = s->k->utf8,
			      .columns = top_usual_columns(),
			      .source = s };
	int err;

	*ret_signal = 0;
	v.m.also = &v.filter.select;
	v.screen = top_screen_open(s->store != NULL, s->signals->wake);
	if (v.screen)
		draw_waiting(&v);
	err = top_model_load(&v.m, reterr);
	if (err && v.m.sessions->count) {
		top_view_say(&v, reterr->text);
		*reterr = (struct error){ 0 };
		err = 0;
	}
	if (!err && !v.screen)
		err = -ENOTSUP;
	if (!err) {
		watch(&v);
		*ret_signal = top_screen_signal(v.screen);
	}
	view_done(&v);
	return err;
}
