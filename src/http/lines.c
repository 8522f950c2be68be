/* SPDX-License-Identifier: MIT */
#include "http/lines.h"

void lines_init(struct lines *l, const struct limits *lim, bool bare_cr)
{
	*l = (struct lines){ .bare_cr = bare_cr };
	buf_init(&l->part, lim->max[LIMIT_event]);
}

void lines_done(struct lines *l)
{
	buf_done(&l->part);
}

static size_t line_end(const struct lines *l, struct span s)
{
	size_t at = 0;

	if (!l->bare_cr)
		return span_find(s, '\n');
	/* Two searches would look at the bytes behind each CR again and again. */
	while (at < s.len && s.ptr[at] != '\n' && s.ptr[at] != '\r')
		at++;
	return at;
}

/* One whole line: `s` is its end, or all of it when nothing was kept. */
static int whole_line(struct lines *l, struct limits *lim, struct span s, line_fn fn, void *arg)
{
	bool cut;
	int err;

	if (l->skip) {
		l->skip = false;
		buf_reset(&l->part);
		return 0;
	}
	if (l->part.len) {
		buf_add(&l->part, s);
		s = buf_span(&l->part);
	}
	cut = l->part.full || s.len > lim->max[LIMIT_event];
	if (cut) {
		limit_hit(lim, LIMIT_event);
		s = span_first(s, lim->max[LIMIT_event]);
	}
	if (!l->bare_cr && s.len && s.ptr[s.len - 1] == '\r')
		s.len--;
	err = fn(arg, s, cut);
	buf_reset(&l->part);
	return err;
}

int lines_feed(struct lines *l, struct limits *lim, struct span s, line_fn fn, void *arg)
{
	int err = 0;

	while (s.len && !err) {
		size_t end;

		if (l->after_cr && s.ptr[0] == '\n')
			s = span_from(s, 1);
		l->after_cr = false;
		end = line_end(l, s);
		if (end == s.len) {
			if (!l->skip)
				buf_add(&l->part, s);
			break;
		}
		l->after_cr = s.ptr[end] == '\r';
		err = whole_line(l, lim, span_first(s, end), fn, arg);
		s = span_from(s, end + 1);
	}
	return err;
}

int lines_flush(struct lines *l, line_fn fn, void *arg, bool cut)
{
	struct span s = buf_span(&l->part);
	int err = 0;

	if (!l->bare_cr && s.len && s.ptr[s.len - 1] == '\r')
		s.len--;
	if (s.len)
		err = fn(arg, s, cut || l->part.full);
	buf_reset(&l->part);
	return err;
}
