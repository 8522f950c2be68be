/* SPDX-License-Identifier: MIT */
/* Server-sent events: WHATWG HTML standard, section 9.2.6. Lines end in LF, CRLF or CR; a blank
 * line ends an event; data lines are joined with LF; a line that begins with a colon is a
 * comment. An event without data is not emitted.
 *
 * Where we differ: an event that lacks its blank line at the end of the stream is emitted, because
 * the program may have acted on it; and bytes that are no UTF-8 are passed on as they are. */
#include "http/framing.h"
#include "http/lines.h"

/* Far above any name in use: a longer one is cut, and flagged. */
#define NAME_MAX_LEN 256

struct sse {
	struct framing f;
	struct lines lines;
	struct buf name, data;
	bool has_data, cut;
	bool begun; /* past the first line, which a byte order mark may precede */
};

static void dispatch(struct sse *e)
{
	if (e->data.full)
		limit_hit(e->f.lim, LIMIT_event);
	if (e->has_data)
		e->f.fn(e->f.arg, buf_span(&e->name), buf_span(&e->data),
			e->cut || e->data.full || e->name.full);
	buf_reset(&e->name);
	buf_reset(&e->data);
	e->has_data = e->cut = false;
}

static void on_line(void *arg, struct span line, bool cut)
{
	struct sse *e = arg;
	struct span field, value;
	size_t colon;

	if (!e->begun && span_starts(line, SPAN_LIT("\xef\xbb\xbf")))
		line = span_from(line, 3);
	e->begun = true;
	if (!line.len) {
		dispatch(e);
		return;
	}
	colon = span_find(line, ':');
	field = span_first(line, colon);
	value = span_from(line, colon + 1);
	if (value.len && value.ptr[0] == ' ')
		value = span_from(value, 1);
	if (span_eq(field, SPAN_LIT("data"))) {
		e->cut |= cut;
		if (e->has_data)
			buf_addc(&e->data, '\n');
		buf_add(&e->data, value);
		e->has_data = true;
	} else if (span_eq(field, SPAN_LIT("event"))) {
		e->cut |= cut;
		buf_reset(&e->name);
		buf_add(&e->name, value);
	}
}

static void sse_init(void *state)
{
	struct sse *e = state;

	lines_init(&e->lines, &e->f, on_line, true);
	buf_init(&e->name, NAME_MAX_LEN);
	buf_init(&e->data, e->f.lim->max[LIMIT_event]);
}

static void sse_done(void *state)
{
	struct sse *e = state;

	lines_done(&e->lines);
	buf_done(&e->name);
	buf_done(&e->data);
}

static void sse_feed(void *state, struct span s)
{
	struct sse *e = state;

	lines_feed(&e->lines, s);
}

static void sse_gap(void *state)
{
	struct sse *e = state;

	lines_gap(&e->lines);
	e->begun = true;
	e->cut = true;
	dispatch(e);
	/* What comes before the next blank line may be the rest of a torn event. */
	e->cut = true;
}

static void sse_finish(void *state)
{
	struct sse *e = state;

	lines_finish(&e->lines);
	dispatch(e);
}

const struct framing_ops framing_sse = {
	.name = "sse",
	.size = sizeof(struct sse),
	.init = sse_init,
	.feed = sse_feed,
	.gap = sse_gap,
	.finish = sse_finish,
	.done = sse_done,
};
