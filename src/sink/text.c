/* SPDX-License-Identifier: MIT */
/* Output for people: each call as one block when it has ended; or, with `follow`, its rows as they
 * arrive, each after the number of its call. */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "base/limits.h"
#include "base/xalloc.h"
#include "sink/block.h"
#include "sink/follow.h"
#include "sink/live_view.h"
#include "sink/sink.h"

#define HISTORY_BYTES (32u << 20)

struct sink {
	struct sink_config o;
	struct block_style style;
	struct history *history;
	struct follow *follow;	/* NULL: without */
	struct live_view *view; /* NULL: without, as in a file */
	bool fixed_width;
	int64_t day;
};

/* That of the terminal may have changed. */
static void measure(struct sink *s)
{
	struct winsize w;

	if (s->o.terminal && !s->fixed_width && ioctl(s->o.fd, TIOCGWINSZ, &w) == 0)
		s->style.width = w.ws_col;
}

static int text_request(struct sink *s, const struct exchange *x, struct error *reterr)
{
	if (s->view)
		live_view_request(s->view, x);
	if (!s->follow || x->kind != EXCHANGE_LLM)
		return 0;
	measure(s);
	block_write_day(s->o.out, &s->style, x, &s->day);
	follow_request(s->follow, &s->style, s->history, x);
	return 0;
}

static int text_delta(struct sink *s, const struct exchange *x, const struct exchange_delta *d,
		      struct error *reterr)
{
	if (s->view)
		live_view_delta(s->view, x, d);
	else if (s->follow && x->kind == EXCHANGE_LLM)
		follow_delta(s->follow, &s->style, s->history, x, d);
	return 0;
}

static int text_superseded(struct sink *s, const struct exchange *x, struct error *reterr)
{
	if (s->view)
		live_view_superseded(s->view, x);
	else if (s->follow)
		follow_superseded(s->follow, &s->style, x);
	return 0;
}

static int text_end(struct sink *s, const struct exchange *x, struct error *reterr)
{
	const struct block b = { .x = x, .history = s->history };

	if (s->view) {
		live_view_end(s->view, x);
		return 0;
	}
	measure(s);
	if (!s->follow || !follow_has(s->follow, x))
		block_write_day(s->o.out, &s->style, x, &s->day);
	if (s->follow)
		follow_end(s->follow, &s->style, s->history, x);
	else
		block_write(s->o.out, &s->style, &b);
	history_add(s->history, x);
	return 0;
}

static size_t text_pollfds(struct sink *s, struct pollfd *fds, size_t max, unsigned *ret_ms)
{
	return s->view ? live_view_pollfds(s->view, fds, max, ret_ms) : 0;
}

static int text_tick(struct sink *s, uint64_t now_ns, struct error *reterr)
{
	if (s->view)
		live_view_tick(s->view, now_ns);
	return 0;
}

static int text_flush(struct sink *s, struct error *reterr)
{
	if (s->view)
		live_view_flush(s->view);
	return 0;
}

static void text_finish(struct sink *s)
{
	if (s->view)
		live_view_finish(s->view);
}

static struct live_view *open_view(struct sink *s)
{
	const struct live_view_config c = {
		.out = s->o.out,
		.fd = s->o.fd,
		.keys = s->o.keys,
		.fixed_width = s->fixed_width,
		.style = s->style,
		.history = s->history,
	};

	return live_view_open(&c);
}

static void text_free(struct sink *s)
{
	if (!s)
		return;
	live_view_free(s->view);
	history_free(s->history);
	follow_free(s->follow);
	free(s);
}

static int text_open(struct sink **ret, const struct sink_config *c, struct error *reterr)
{
	struct sink *s = xcalloc(1, sizeof(*s));
	bool follow = false;
	int err;

	s->o = *c;
	s->style = (struct block_style){ .color = c->color, .utf8 = c->utf8 };
	s->fixed_width = sink_value(c, "width") != NULL;
	err = sink_flag(c, "full", c->full, &s->style.full, reterr);
	if (!err)
		err = sink_flag(c, "follow", c->follow, &follow, reterr);
	if (!err)
		err = sink_width(c, &s->style.width, reterr);
	if (!err)
		err = sink_lines(c, &s->style.lines, reterr);
	if (err) {
		text_free(s);
		return err;
	}
	s->history = history_new(HISTORY_BYTES);
	s->follow = follow ? follow_new(c->out) : NULL;
	s->view = c->live && !follow ? open_view(s) : NULL;
	*ret = s;
	return 0;
}

static const struct sink_setting settings[] = {
	{ "lines", "rows of each text at most" },
	{ "full", "yes: whole texts, and what earlier turns of a conversation showed" },
	{ "follow", "yes: lines as they arrive, each after the number of its call" },
	{ "width", "columns to wrap lines to; 0: do not wrap" },
	{ NULL, NULL },
};

const struct sink_ops sink_text = {
	.name = "text",
	.help = "for people, a block for each call",
	.settings = settings,
	.wants = SINK_BODIES | SINK_DELTAS | SINK_WRITES,
	.raw = &sink_verbose,
	.mode = SHOW_AGENTS,
	.open = text_open,
	.request = text_request,
	.delta = text_delta,
	.superseded = text_superseded,
	.end = text_end,
	.pollfds = text_pollfds,
	.tick = text_tick,
	.flush = text_flush,
	.finish = text_finish,
	.free = text_free,
};
