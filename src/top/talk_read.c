/* SPDX-License-Identifier: MIT */
/* The calls of a conversation as they are shown: a label at the left, a block at the right. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/units.h"
#include "base/xalloc.h"
#include "exchange/spender.h"
#include "sink/block.h"
#include "top/talk_int.h"

/* The latest ones, of an agent that made more. */
#define TURNS_MAX     500
#define HISTORY_BYTES (32u << 20)

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
	const struct block_style style = {
		.width = t->columns, .color = true, .utf8 = t->k->utf8, .full = t->full
	};
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

static void add_turn(struct talk *t, const struct exchange *x)
{
	struct turn *turn;

	t->turns = xgrow(t->turns, t->count, sizeof(*t->turns));
	turn = &t->turns[t->count++];
	turn->id = x->id;
	turn->label = label_of(t, x);
	turn->text = block_of(t, x);
	turn->failed = exchange_failed(x);
	history_add(t->history, x);
}

void top_talk_hide(struct talk *t)
{
	free(t->shown);
	t->shown = NULL;
}

void top_talk_forget(struct talk *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->turns[i].label);
		free(t->turns[i].text);
	}
	free(t->turns);
	t->turns = NULL;
	t->count = t->read = 0;
	history_free(t->history);
	t->history = NULL;
	top_talk_hide(t);
}

/* Those of a row, from one of them on. */
struct wanted {
	struct talk *t;
	uint64_t *ids; /* in order */
	size_t count;
};

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int on_call(void *arg, const struct exchange *x, struct error *reterr)
{
	const struct wanted *w = arg;

	if (bsearch(&x->id, w->ids, w->count, sizeof(*w->ids), by_number) &&
	    session_has(w->t->row, x))
		add_turn(w->t, x);
	return 0;
}

/* An archive finds each by its number; a file is read from the front. */
static int read_wanted(struct wanted *w, struct error *reterr)
{
	struct view_query q = w->t->k->query;
	int err = 0;

	q.whole = q.calls = true;
	if (!view_is_archive(w->t->k->view))
		return view_each(w->t->k->view, &q, on_call, w, reterr);
	for (size_t i = 0; i < w->count && !err; i++) {
		q.id = w->ids[i];
		err = view_each(w->t->k->view, &q, on_call, w, reterr);
	}
	return err;
}

int top_talk_read(struct talk *t, struct error *reterr)
{
	size_t all = t->row ? t->row->ncalls : 0, from = t->read;
	struct wanted w = { .t = t };
	int err;

	if (!t->history)
		t->history = history_new(HISTORY_BYTES);
	if (!from && all > TURNS_MAX)
		from = all - TURNS_MAX;
	if (all <= from)
		return 0;
	w.count = all - from;
	w.ids = xcalloc(w.count, sizeof(*w.ids));
	memcpy(w.ids, t->row->calls + from, w.count * sizeof(*w.ids));
	qsort(w.ids, w.count, sizeof(*w.ids), by_number);
	t->read = all;
	err = read_wanted(&w, reterr);
	free(w.ids);
	if (t->follow && t->count)
		t->at = t->count - 1;
	return err;
}
