/* SPDX-License-Identifier: MIT */
#include "http/h2streams.h"

#include <stdlib.h>

#include "base/xalloc.h"

void h2streams_init(struct h2streams *t, struct limits *lim, const struct http_out *out, void *arg)
{
	*t = (struct h2streams){ .lim = lim, .out = out, .arg = arg };
}

void h2streams_done(struct h2streams *t)
{
	free(t->items);
	t->items = NULL;
	t->count = 0;
}

/* Where the stream is, or belongs. */
static size_t position(const struct h2streams *t, uint32_t wire)
{
	size_t from = 0, to = t->count;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (t->items[mid].wire < wire)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

struct h2stream *h2streams_find(struct h2streams *t, uint32_t wire)
{
	size_t at = position(t, wire);

	return at < t->count && t->items[at].wire == wire ? &t->items[at] : NULL;
}

struct h2stream *h2streams_next(struct h2streams *t, uint32_t wire)
{
	size_t at = position(t, wire + 1);

	return at < t->count ? &t->items[at] : NULL;
}

bool h2streams_is_gone(const struct h2streams *t, uint32_t wire)
{
	for (size_t i = 0; i < H2STREAMS_GONE && i < t->ngone; i++)
		if (t->gone[i] == wire)
			return true;
	return false;
}

static void forget(struct h2streams *t, struct h2stream *s)
{
	size_t at = (size_t)(s - t->items);

	t->gone[t->ngone++ % H2STREAMS_GONE] = s->wire;
	memmove(s, s + 1, (--t->count - at) * sizeof(*s));
}

struct h2stream *h2streams_open(struct h2streams *t, uint32_t wire, uint64_t ts)
{
	struct h2stream *s;
	size_t at;

	if (t->count >= t->lim->max[LIMIT_streams]) {
		limit_hit(t->lim, LIMIT_streams);
		h2streams_end(t, &t->items[0], ts, HTTP_END_CUT);
	}
	at = position(t, wire);
	t->items = xgrow(t->items, t->count, sizeof(*t->items));
	memmove(&t->items[at + 1], &t->items[at], (t->count++ - at) * sizeof(*t->items));
	s = &t->items[at];
	*s = (struct h2stream){ .wire = wire, .id = ++t->last_id };
	for (int m = 0; m < 2; m++)
		s->side[m].desyncs = t->desyncs[m];
	return s;
}

bool h2streams_touch(struct h2streams *t, struct h2stream *s, enum http_msg m)
{
	struct h2side *side = &s->side[m];
	bool unsure = !side->begun || side->desyncs != t->desyncs[m];

	side->begun = true;
	side->desyncs = t->desyncs[m];
	return unsure;
}

static void end_side(struct h2streams *t, struct h2stream *s, enum http_msg m, uint64_t ts,
		     enum http_end why)
{
	struct h2side *side = &s->side[m];
	bool open = side->begun && !side->ended;

	side->ended = true;
	if (!open)
		return;
	if (why == HTTP_END_COMPLETE && side->desyncs != t->desyncs[m])
		t->out->gap(t->arg, s->id, m, ts, 0);
	t->out->end(t->arg, s->id, m, ts, why);
}

void h2streams_complete(struct h2streams *t, struct h2stream *s, enum http_msg m, uint64_t ts)
{
	const struct h2side *request = &s->side[HTTP_REQUEST];

	end_side(t, s, m, ts, HTTP_END_COMPLETE);
	if (s->side[HTTP_RESPONSE].ended && (request->ended || !request->begun))
		forget(t, s);
}

void h2streams_end(struct h2streams *t, struct h2stream *s, uint64_t ts, enum http_end why)
{
	bool asked = s->side[HTTP_REQUEST].begun;

	end_side(t, s, HTTP_REQUEST, ts, why);
	s->side[HTTP_RESPONSE].begun |= asked;
	end_side(t, s, HTTP_RESPONSE, ts, why);
	forget(t, s);
}

void h2streams_end_all(struct h2streams *t, uint64_t ts, enum http_end why)
{
	for (size_t i = 0; i < t->count; i++)
		for (int m = 0; m < 2; m++)
			end_side(t, &t->items[i], (enum http_msg)m, ts, why);
	t->count = 0;
}
