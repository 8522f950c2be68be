/* SPDX-License-Identifier: MIT */
/* After a gap, the next line that says a length is where it goes on. */
#include "http/length_fields.h"

#include "base/buf.h"
#include "http/framing.h"

/* Of a longer line the end is kept: the field follows a message without a line end. */
#define LINE_MAX  1024
#define LINE_KEEP 64
#define LINE_ROOM (2 * LINE_MAX)

struct span length_field_line(struct span s)
{
	return span_trim(span_first(s, s.len && s.ptr[s.len - 1] == '\r' ? s.len - 1 : s.len));
}

bool length_field_read(struct span line, uint64_t *ret)
{
	static const struct span name = SPAN_LIT("content-length:");
	struct span value;
	uint64_t n = 0;
	size_t at = 0;

	while (at < line.len && !span_caseeq(span_first(span_from(line, at), name.len), name))
		at++;
	if (at == line.len)
		return false;
	value = length_field_line(span_from(line, at + name.len));
	if (!value.len || value.len > 15)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] < '0' || value.ptr[i] > '9')
			return false;
		n = n * 10 + (value.ptr[i] - '0');
	}
	*ret = n;
	return true;
}

struct state {
	struct framing f;
	struct buf line; /* that is not whole */
	struct buf part; /* the message */
	uint64_t left;	 /* of it */
	bool known;	 /* a field has said how long the next message is */
	bool in_message, cut;
};

static void init(void *state)
{
	struct state *l = state;

	buf_init(&l->line, LINE_ROOM);
	buf_init(&l->part, l->f.lim->max[LIMIT_event]);
}

static void done(void *state)
{
	struct state *l = state;

	buf_done(&l->line);
	buf_done(&l->part);
}

static void end_message(struct state *l, bool cut)
{
	if (l->part.len)
		l->f.fn(l->f.arg, span_of(NULL, 0), buf_span(&l->part), cut);
	buf_reset(&l->part);
	l->part.full = false;
	l->in_message = l->known = l->cut = false;
}

static struct span feed_message(struct state *l, struct span s)
{
	struct span mine = span_first(s, s.len < l->left ? s.len : (size_t)l->left);

	if (!l->cut && buf_add(&l->part, mine) != 0) {
		limit_hit(l->f.lim, LIMIT_event);
		l->cut = true;
	}
	l->left -= mine.len;
	if (!l->left)
		end_message(l, l->cut);
	return span_from(s, mine.len);
}

static void end_line(struct state *l)
{
	struct span line = length_field_line(buf_span(&l->line));

	if (line.len && length_field_read(line, &l->left))
		l->known = true;
	else if (line.len && span_find(line, ':') == line.len)
		l->f.unread += line.len;
	if (!line.len && l->known)
		l->in_message = l->left > 0;
	l->known = line.len && l->known;
	buf_reset(&l->line);
}

static struct span feed_line(struct state *l, struct span s)
{
	size_t end = span_find(s, '\n');
	struct span mine = span_first(s, end);

	if (mine.len > LINE_MAX) {
		l->f.unread += mine.len - LINE_MAX;
		mine = span_from(mine, mine.len - LINE_MAX);
	}
	if (l->line.len + mine.len > LINE_ROOM) {
		l->f.unread += l->line.len - LINE_KEEP;
		buf_drop(&l->line, l->line.len - LINE_KEEP);
	}
	buf_add(&l->line, mine);
	if (end < s.len)
		end_line(l);
	return span_from(s, end + 1);
}

static void feed(void *state, struct span s)
{
	struct state *l = state;

	while (s.len)
		s = l->in_message ? feed_message(l, s) : feed_line(l, s);
}

static void gap(void *state)
{
	struct state *l = state;

	if (l->in_message)
		end_message(l, true);
	buf_reset(&l->line);
	l->known = false;
}

static void finish(void *state)
{
	struct state *l = state;

	if (l->in_message)
		end_message(l, true);
}

const struct framing_ops framing_length_fields = {
	.name = "length fields",
	.size = sizeof(struct state),
	.init = init,
	.feed = feed,
	.gap = gap,
	.finish = finish,
	.done = done,
};
