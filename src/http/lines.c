/* SPDX-License-Identifier: MIT */
#include "http/lines.h"

#include "base/bytes.h"

void lines_init(struct lines *l, struct framing *f, line_fn fn, bool bare_cr)
{
	*l = (struct lines){ .f = f, .fn = fn, .bare_cr = bare_cr };
	buf_init(&l->part, f->lim->max[LIMIT_event]);
}

void lines_done(struct lines *l)
{
	buf_done(&l->part);
}

static size_t line_end(const struct lines *l, struct span s)
{
	size_t at = 0;
	uint64_t word;

	if (!l->bare_cr)
		return span_find(s, '\n');
	/* Two searches would look at the bytes behind each CR again and again. */
	for (; s.len - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, s.ptr + at, sizeof(word));
		if (bytes_zero(word ^ BYTES_OF('\n')) | bytes_zero(word ^ BYTES_OF('\r')))
			break;
	}
	while (at < s.len && s.ptr[at] != '\n' && s.ptr[at] != '\r')
		at++;
	return at;
}

/* `s` is the line, or its end where `part` holds what came before. */
static void emit(struct lines *l, struct span s, bool cut)
{
	size_t max = l->f->lim->max[LIMIT_event];

	if (l->part.len) {
		buf_add(&l->part, s);
		s = buf_span(&l->part);
	}
	if (l->part.full || s.len > max) {
		limit_hit(l->f->lim, LIMIT_event);
		s = span_first(s, max);
		cut = true;
	}
	if (!l->bare_cr && s.len && s.ptr[s.len - 1] == '\r')
		s.len--;
	l->fn(l->f, s, cut);
	buf_reset(&l->part);
}

void lines_feed(struct lines *l, struct span s)
{
	while (s.len) {
		size_t end;

		if (l->after_cr && s.ptr[0] == '\n')
			s = span_from(s, 1);
		l->after_cr = false;
		end = line_end(l, s);
		if (l->skip)
			l->f->unread += end;
		if (end == s.len) {
			if (!l->skip)
				buf_add(&l->part, s);
			break;
		}
		l->after_cr = s.ptr[end] == '\r';
		if (!l->skip)
			emit(l, span_first(s, end), false);
		l->skip = false;
		s = span_from(s, end + 1);
	}
}

void lines_gap(struct lines *l)
{
	l->skip = true;
	l->after_cr = false;
	if (l->part.len)
		emit(l, span_of(NULL, 0), true);
}

void lines_finish(struct lines *l)
{
	if (l->part.len)
		emit(l, span_of(NULL, 0), false);
}
