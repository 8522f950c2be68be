/* SPDX-License-Identifier: MIT */
/* Messages of gRPC: flags in one byte, a length in four, the message (github.com/grpc/grpc,
 * doc/PROTOCOL-HTTP2.md; read November 2026). One that is coded has the name "coded". Behind a gap
 * nothing tells where the next one begins. */
#include "base/buf.h"
#include "http/framing.h"

#define PREFIX 5

struct state {
	struct framing f;
	uint8_t prefix[PREFIX];
	size_t nprefix;
	uint64_t left; /* of the message */
	struct buf message;
	bool lost;
};

static void init(void *state)
{
	struct state *g = state;

	buf_init(&g->message, g->f.lim->max[LIMIT_event]);
}

static void done(void *state)
{
	struct state *g = state;

	buf_done(&g->message);
}

static void emit(struct state *g, bool cut)
{
	struct span name = g->prefix[0] & 1 ? SPAN_LIT("coded") : span_of(NULL, 0);

	if (g->message.full)
		limit_hit(g->f.lim, LIMIT_event);
	g->f.fn(g->f.arg, name, buf_span(&g->message), cut || g->message.full);
	buf_reset(&g->message);
	g->message.full = false;
	g->nprefix = 0;
}

static struct span in_prefix(struct state *g, struct span s)
{
	struct cursor c = { .rest = span_of(g->prefix + 1, PREFIX - 1) };

	g->prefix[g->nprefix++] = s.ptr[0];
	if (g->nprefix == PREFIX) {
		g->left = cursor_be(&c, PREFIX - 1);
		if (!g->left)
			emit(g, false);
	}
	return span_from(s, 1);
}

static struct span in_message(struct state *g, struct span s)
{
	struct span mine = span_first(s, g->left < s.len ? (size_t)g->left : s.len);

	buf_add(&g->message, mine);
	g->left -= mine.len;
	if (!g->left)
		emit(g, false);
	return span_from(s, mine.len);
}

static void feed(void *state, struct span s)
{
	struct state *g = state;

	while (s.len && !g->lost)
		s = g->nprefix < PREFIX ? in_prefix(g, s) : in_message(g, s);
	g->f.unread += s.len;
}

static void finish(void *state)
{
	struct state *g = state;

	if (g->nprefix == PREFIX)
		emit(g, true);
	g->f.unread += g->nprefix;
	g->nprefix = 0;
}

static void gap(void *state)
{
	struct state *g = state;

	finish(state);
	g->lost = true;
}

const struct framing_ops framing_grpc = {
	.name = "gRPC",
	.size = sizeof(struct state),
	.init = init,
	.feed = feed,
	.gap = gap,
	.finish = finish,
	.done = done,
};
