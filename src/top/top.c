/* SPDX-License-Identifier: MIT */
/* Which agents are at work, and what they spend. */
#include "top/top.h"

#include <errno.h>
#include <poll.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "run/by_signal.h"
#include "top/header.h"
#include "top/json.h"
#ifdef HAVE_CURSES
#include "top/screen.h"
#endif

#define LOOK_MS 500

static void end_line(struct buf *line)
{
	buf_addc(line, '\n');
	fwrite(line->ptr, 1, line->len, stdout);
	buf_reset(line);
}

/* ---- once ---- */

static void print_table(const struct kept *k, struct top_model *m)
{
	struct top_layout l = { .width = k->width,
				.utf8 = k->utf8,
				.now = { .now_ns = m->now_ns, .windows = m->windows } };
	const struct sessions *s = m->sessions;
	struct buf line;

	buf_init(&line, TOP_LINE_MAX);
	top_lay_out(&l, s, 0, s->count, top_usual_columns());
	top_write_totals(&line, &l, m);
	end_line(&line);
	top_write_spent(&line, &l, m);
	end_line(&line);
	if (s->count) {
		top_write_heads(&line, &l);
		end_line(&line);
	}
	for (size_t i = 0; i < s->count; i++) {
		top_write_row(&line, &l, s->rows[i]);
		end_line(&line);
	}
	buf_done(&line);
}

static int print_once(struct kept *k, struct error *reterr)
{
	struct top_model m = { .k = k };
	int err = top_model_load(&m, reterr);

	if (k->form == TABLE_JSON)
		top_json_print(&m, stdout);
	else
		print_table(k, &m);
	top_model_done(&m);
	return err;
}

/* ---- line by line ---- */

/* What was printed of an agent. */
struct printed {
	char *key;
	uint64_t calls;
	unsigned live;
	enum session_state state;
};

static int by_key(const void *a, const void *b)
{
	const struct printed *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static void printed_free(void *arg)
{
	struct printed *p = arg;

	free(p->key);
	free(p);
}

/* Whether it is another than was printed, which it is from then on. */
static bool is_news(void **all, const struct session *r)
{
	struct printed *p, **found = tfind(&(struct printed){ .key = r->key }, all, by_key);
	bool news = !found;

	if (!found) {
		p = xcalloc(1, sizeof(*p));
		p->key = xstrdup(r->key);
		found = tsearch(p, all, by_key);
	}
	p = *found;
	news |= p->calls != r->sum.calls || p->live != r->live || p->state != r->state;
	p->calls = r->sum.calls;
	p->live = r->live;
	p->state = r->state;
	return news;
}

static void print_news(struct top_model *m, void **all, bool *heads)
{
	struct top_layout l = { .width = m->k->width, .utf8 = m->k->utf8 };
	const struct sessions *s = m->sessions;
	struct buf line;

	buf_init(&line, TOP_LINE_MAX);
	l.now = (struct top_moment){ true, m->now_ns, m->monotonic_ns, m->windows };
	top_lay_out(&l, s, 0, s->count, top_usual_columns());
	if (s->count && !*heads) {
		top_write_heads(&line, &l);
		end_line(&line);
		*heads = true;
	}
	for (size_t i = 0; i < s->count; i++)
		if (is_news(all, s->rows[i])) {
			top_write_row(&line, &l, s->rows[i]);
			end_line(&line);
		}
	fflush(stdout);
	buf_done(&line);
}

int top_print_changes(const struct top_source *s, struct error *reterr)
{
	struct top_model m = { .k = s->k, .store = s->store, .name = s->name };
	struct pollfd wake = { .fd = s->signals->wake, .events = POLLIN };
	int err = top_model_load(&m, reterr);
	bool heads = false;
	void *all = NULL;

	do {
		if (!err && top_model_refresh(&m, reterr))
			print_news(&m, &all, &heads);
		poll(&wake, 1, LOOK_MS);
	} while (!atomic_load(&s->signals->stop) && !atomic_load(&s->signals->ended));
	tdestroy(all, printed_free);
	top_model_done(&m);
	return err;
}

/* ---- on a terminal ---- */

#ifdef HAVE_CURSES
bool top_can_draw(void)
{
	return top_screen_can_open();
}

static int show(struct kept *k, struct error *reterr)
{
	struct top_signals none = { .wake = -1 };
	const struct top_source s = { .k = k,
				      .name = k->o->replay ? NULL : "of " KEPT_DEFAULT,
				      .signals = &none };
	int ended_by, err = top_view_run(&s, &ended_by, reterr);

	if (ended_by)
		return by_signal_end(ended_by);
	return err == -ENOTSUP && !reterr->text[0] ? print_once(k, reterr) : err;
}
#else
bool top_can_draw(void)
{
	return false;
}

static int show(struct kept *k, struct error *reterr)
{
	log_say("this llm-spy was built without ncurses, so it prints the table once. To build it "
		"with: apt install libncurses-dev, then configure again");
	return print_once(k, reterr);
}
#endif

static bool has_terminal(void)
{
#ifdef HAVE_CURSES
	return top_can_draw();
#else
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
#endif
}

int top_run(struct kept *k, struct error *reterr)
{
	bool once = k->o->once || k->form == TABLE_JSON || !has_terminal() ||
		    strcmp(kept_path(k->o), "-") == 0;

	return once ? print_once(k, reterr) : show(k, reterr);
}
