/* SPDX-License-Identifier: MIT */
#include "sink/live_view.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "sink/console.h"
#include "sink/keys.h"
#include "sink/live_match.h"
#include "sink/screen.h"
#include "sink/status.h"

/* More frames than that nobody sees. */
#define FRAME_MS 40
#define BUSY_MS	 100 /* seconds count, and a spinner turns */
#define IDLE_MS	 1000
/* A call of which nothing was heard for so long has no line any more. */
#define EXPIRE_NS (30ull * 60 * 1000000000)

#define HELD_MAX     ((size_t)16 << 20)
#define MESSAGES_MAX ((size_t)256 << 10)

enum form {
	FORM_NEWS,
	FORM_FULL, /* nothing is left out */
};

struct live_view {
	struct live_view_config c;
	struct console *console;
	struct screen *screen;
	struct inflight *inflight;
	struct tally tally;
	int64_t day;
	struct keys keys;
	struct needle *filter;	/* NULL: none */
	struct exchange *last;	/* that was shown, for the key that expands it */
	uint64_t followed;	/* 0: none */
	struct buf held;	/* what is not shown while paused */
	uint64_t waiting, lost; /* blocks in it, and those that found no room */
	bool is_ours;		/* we are in the foreground */
	bool left;
	bool is_stale; /* what is drawn is not how things are */
	uint64_t drawn_ns;
	/* Of other threads. */
	pthread_mutex_t lock;
	struct buf messages;
};

/* ---- messages ---- */

static void on_message(void *arg, enum log_kind kind, struct span lines)
{
	struct live_view *l = arg;

	pthread_mutex_lock(&l->lock);
	if (buf_add(&l->messages, lines) != 0)
		fwrite(lines.ptr, 1, lines.len, stderr); /* better torn than lost */
	pthread_mutex_unlock(&l->lock);
	console_wake(l->console);
}

static void leave_log(struct live_view *l)
{
	if (!l->left && console_is(l->console, STDERR_FILENO))
		log_set_sink(NULL, NULL);
	l->left = true;
}

/* They are shown even while it is paused: a warning that comes late is none. */
static void show_messages(struct live_view *l)
{
	pthread_mutex_lock(&l->lock);
	screen_print(l->screen, buf_span(&l->messages));
	buf_reset(&l->messages);
	pthread_mutex_unlock(&l->lock);
}

/* ---- blocks ---- */

static struct block_style style_of(const struct live_view *l, enum form form)
{
	struct block_style s = l->c.style;

	if (!l->c.fixed_width)
		s.width = screen_columns(l->screen);
	s.full |= form == FORM_FULL;
	return s;
}

/* Its block as text, which the caller frees; NULL: there is no memory. */
static char *block_of(struct live_view *l, const struct exchange *x, enum form form,
		      size_t *ret_len)
{
	const struct block b = { .x = x, .history = l->c.history };
	struct block_style style = style_of(l, form);
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_len);

	if (!f)
		return NULL;
	block_write_day(f, &style, x, &l->day);
	block_write(f, &style, &b);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

/* The date is shown before what is typed out below it, not when that has ended. */
static void show_day(struct live_view *l, const struct exchange *x)
{
	struct block_style style = style_of(l, FORM_NEWS);
	char *text = NULL;
	size_t len = 0;
	FILE *f = l->keys.paused ? NULL : open_memstream(&text, &len);

	if (!f)
		return;
	block_write_day(f, &style, x, &l->day);
	if (fclose(f) == 0)
		screen_print(l->screen, span_of(text, len));
	free(text);
}

static void show_block(struct live_view *l, const struct exchange *x)
{
	size_t len = 0;
	AUTO_FREE char *text = block_of(l, x, FORM_NEWS, &len);

	if (!text)
		return;
	if (!l->keys.paused) {
		screen_print(l->screen, span_of(text, len));
	} else if (l->held.len + len <= HELD_MAX) {
		buf_add(&l->held, span_of(text, len));
		l->waiting++;
	} else {
		l->lost++;
	}
}

static void resume(struct live_view *l)
{
	char note[96];

	screen_print(l->screen, buf_span(&l->held));
	if (l->lost) {
		snprintf(note, sizeof(note),
			 "llm-spy: %llu blocks more ended while it was paused\n",
			 (unsigned long long)l->lost);
		screen_print(l->screen, span_str(note));
	}
	buf_done(&l->held);
	l->waiting = l->lost = 0;
}

/* Even while it is paused: who asks for it wants to see it. */
static void expand(struct live_view *l)
{
	size_t len = 0;
	AUTO_FREE char *text = l->last ? block_of(l, l->last, FORM_FULL, &len) : NULL;

	if (text)
		screen_print(l->screen, span_of(text, len));
}

/* ---- the region ---- */

static struct status_view view_of(struct live_view *l)
{
	struct keys *k = &l->keys;

	return (struct status_view){
		.now_ns = now_ns(),
		.followed = l->followed,
		.keys = console_has_keys(l->console),
		.help = k->help,
		.paused = k->paused,
		.waiting = l->waiting + l->lost,
		.filter = *k->filter ? k->filter : NULL,
		.typed = k->is_typing ? k->typed : NULL,
	};
}

/* The one that is typed out: the one that was asked for, or the only one. */
static const struct inflight_call *typed_call(struct live_view *l)
{
	const struct inflight_call *c =
		l->followed ? inflight_find(l->inflight, l->followed) : NULL;

	if (!c)
		l->followed = 0;
	if (!c && inflight_count(l->inflight) == 1 && !inflight_surplus(l->inflight))
		c = inflight_at(l->inflight, 0);
	return c;
}

/* The block as far as it goes, in at most half of the screen. */
static void add_typed(struct live_view *l, FILE *out, const struct inflight_call *c)
{
	const struct block b = {
		.x = c->request, .history = l->c.history, .streamed = &c->answer, .now_ns = now_ns()
	};
	struct block_style style = style_of(l, FORM_NEWS);
	unsigned half = screen_rows(l->screen) / 2;

	block_write_last(out, &style, &b, half > 3 ? half : 3);
}

static bool has_region(const struct live_view *l)
{
	const struct keys *k = &l->keys;

	return l->is_ours && !l->left &&
	       (l->tally.calls || l->tally.others || inflight_count(l->inflight) || k->help ||
		k->paused || k->is_typing || *k->filter);
}

static void write_region(struct live_view *l, FILE *out)
{
	const struct inflight_call *typed = l->keys.paused ? NULL : typed_call(l);
	struct status_view v = view_of(l);
	struct page p;

	if (typed) {
		v.followed = typed->x->id;
		add_typed(l, out, typed);
	}
	v.most = screen_rows(l->screen) / (typed ? 4 : 2);
	v.most = l->keys.paused ? 0 : v.most > 2 ? v.most - 2 : 1;
	v.numbered = v.keys && inflight_count(l->inflight) > 1;
	page_init(&p, out, screen_columns(l->screen), l->c.style.color, l->c.style.utf8);
	status_write(&p, l->inflight, &l->tally, &v);
	page_done(&p);
}

static void build_region(struct live_view *l)
{
	struct buf *region = screen_region(l->screen);
	char *text = NULL;
	size_t len = 0;
	FILE *out;

	if (!has_region(l))
		return;
	out = open_memstream(&text, &len);
	if (!out)
		return;
	write_region(l, out);
	if (fclose(out) == 0)
		buf_add(region, span_of(text, len));
	free(text);
}

static void draw(struct live_view *l)
{
	build_region(l);
	if (l->is_ours || screen_is_drawn(l->screen))
		screen_draw(l->screen);
	else
		screen_scroll(l->screen);
	console_note_region(l->console, screen_is_drawn(l->screen));
	l->drawn_ns = now_ns();
	l->is_stale = false;
}

/* ---- what happens ---- */

static void measure(struct live_view *l)
{
	unsigned columns, rows;

	console_size(l->console, &columns, &rows);
	screen_resize(l->screen, columns, rows);
}

/* Nothing but what is drawn is to stand there while we are stopped. */
static void stop(struct live_view *l)
{
	if (screen_is_drawn(l->screen))
		console_write(l->console, SCREEN_ERASE);
	console_note_region(l->console, false);
	console_stop(l->console);
	screen_forget(l->screen);
}

static void on_signals(struct live_view *l)
{
	enum console_signal s;

	while ((s = console_signal(l->console)) != CONSOLE_NONE) {
		if (s == CONSOLE_STOP)
			stop(l);
		else
			screen_forget(l->screen);
	}
}

static void follow(struct live_view *l)
{
	struct status_view v = view_of(l);
	const struct inflight_call *c;

	c = l->keys.follow ? status_call(l->inflight, &v, l->keys.follow) : NULL;
	l->followed = c ? c->x->id : 0;
}

/* One that cannot be read, such as a regular expression with an open bracket, is none. */
static void set_filter(struct live_view *l)
{
	struct error e = { 0 };

	needle_free(l->filter);
	l->filter = *l->keys.filter ? needle_new(l->keys.filter, &e) : NULL;
	if (l->filter || !*l->keys.filter)
		return;
	*l->keys.filter = '\0';
	log_warn("filter", "%s", e.text);
}

static void on_key(struct live_view *l, char byte)
{
	switch (keys_press(&l->keys, byte)) {
	case KEY_RESUME:
		resume(l);
		break;
	case KEY_EXPAND:
		expand(l);
		break;
	case KEY_FOLLOW:
		follow(l);
		break;
	case KEY_FILTER:
		set_filter(l);
		break;
	case KEY_QUIT:
		console_quit();
		break;
	case KEY_NOTHING:
	case KEY_REDRAW:
		return;
	}
}

static void on_keys(struct live_view *l)
{
	char bytes[64];
	size_t n = console_keys(l->console, bytes, sizeof(bytes));

	for (size_t i = 0; i < n; i++)
		on_key(l, bytes[i]);
	if (!n)
		return;
	l->is_stale = true;
	l->drawn_ns = 0; /* who presses a key sees at once what it does */
}

/* ---- what the sink calls ---- */

void live_view_request(struct live_view *l, const struct exchange *x)
{
	show_day(l, x);
	inflight_add(l->inflight, x, now_ns());
	l->is_stale = true;
}

void live_view_delta(struct live_view *l, const struct exchange *x, const struct exchange_delta *d)
{
	inflight_delta(l->inflight, x, d, now_ns());
	l->is_stale = true;
}

void live_view_superseded(struct live_view *l, const struct exchange *x)
{
	inflight_remove(l->inflight, x->id);
	l->is_stale = true;
}

void live_view_end(struct live_view *l, const struct exchange *x)
{
	live_view_superseded(l, x);
	tally_add(&l->tally, x);
	if (!l->filter || live_match(x, l->filter)) {
		exchange_unref(l->last);
		l->last = exchange_ref(x);
		show_block(l, x);
	}
	history_add(l->c.history, x);
}

/* Whether something moves in the region while nothing comes. */
static bool is_moving(const struct live_view *l)
{
	return l->is_ours && inflight_count(l->inflight) && !l->keys.paused;
}

size_t live_view_pollfds(struct live_view *l, struct pollfd *fds, size_t max, unsigned *ret_ms)
{
	*ret_ms = l->is_stale ? FRAME_MS : is_moving(l) ? BUSY_MS : IDLE_MS;
	return console_pollfds(l->console, fds, max);
}

void live_view_tick(struct live_view *l, uint64_t now_ns)
{
	bool was_ours = l->is_ours;

	on_signals(l);
	l->is_ours = console_attend(l->console);
	if (l->is_ours != was_ours)
		screen_forget(l->screen);
	on_keys(l);
	measure(l);
	inflight_expire(l->inflight, now_ns > EXPIRE_NS ? now_ns - EXPIRE_NS : 0);
	l->is_stale = true;
}

void live_view_flush(struct live_view *l)
{
	show_messages(l);
	if (screen_has_text(l->screen) ||
	    (l->is_stale && now_ns() - l->drawn_ns >= FRAME_MS * 1000000ull))
		draw(l);
}

void live_view_finish(struct live_view *l)
{
	if (l->keys.paused)
		resume(l);
	l->keys.paused = false;
	leave_log(l);
	show_messages(l);
	draw(l);
	console_leave(l->console);
}

struct live_view *live_view_open(const struct live_view_config *c)
{
	struct live_view *l = xcalloc(1, sizeof(*l));

	l->c = *c;
	l->console = console_open(c->fd, c->keys);
	l->screen = screen_new(c->out);
	l->inflight = inflight_new();
	buf_init(&l->held, HELD_MAX);
	buf_init(&l->messages, MESSAGES_MAX);
	pthread_mutex_init(&l->lock, NULL);
	measure(l);
	l->is_ours = console_attend(l->console);
	if (console_is(l->console, STDERR_FILENO))
		log_set_sink(on_message, l);
	return l;
}

void live_view_free(struct live_view *l)
{
	if (!l)
		return;
	leave_log(l);
	console_close(l->console);
	screen_free(l->screen);
	inflight_free(l->inflight);
	exchange_unref(l->last);
	needle_free(l->filter);
	buf_done(&l->held);
	buf_done(&l->messages);
	pthread_mutex_destroy(&l->lock);
	free(l);
}
