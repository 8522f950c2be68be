/* SPDX-License-Identifier: MIT */
/* A line is matched when it is whole, or when PATTERN_LINE_MAX bytes of it are there: so the pieces
 * that it came in make no difference. */
#include "redact/pattern.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>

#include "base/xalloc.h"

#define MASK "***"

struct patterns {
	regex_t *items;
	size_t count;
};

struct pattern_stream {
	const struct patterns *patterns;
	struct buf line;
	bool goes_on; /* the line began earlier */
	bool more;    /* and goes on behind what is here */
};

struct patterns *patterns_new(void)
{
	return xcalloc(1, sizeof(struct patterns));
}

void patterns_free(struct patterns *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++)
		regfree(&p->items[i]);
	free(p->items);
	free(p);
}

int patterns_add(struct patterns *p, const char *regex, struct error *reterr)
{
	regex_t compiled;
	char why[128];
	int err = regcomp(&compiled, regex, REG_EXTENDED);

	if (err) {
		regerror(err, &compiled, why, sizeof(why));
		return error_set(reterr, -EINVAL, "%.100s is no regular expression: %s", regex,
				 why);
	}
	p->items = xgrow(p->items, p->count, sizeof(*p->items));
	p->items[p->count++] = compiled;
	return 0;
}

int patterns_add_text(struct patterns *p, struct span text, struct error *reterr)
{
	struct buf regex;
	int err;

	buf_init(&regex, 2 * text.len + 1);
	for (size_t i = 0; i < text.len; i++) {
		if (strchr("\\^$.[|()*+?{", text.ptr[i]))
			buf_addc(&regex, '\\');
		buf_addc(&regex, (char)text.ptr[i]);
	}
	err = patterns_add(p, regex.ptr, reterr);
	buf_done(&regex);
	return err;
}

size_t patterns_count(const struct patterns *p)
{
	return p ? p->count : 0;
}

/* The first of all matches from `at` on, the longest of these; false: there is none. What matches
 * nothing at all is none. */
static bool find(const struct pattern_stream *s, size_t at, regmatch_t *ret)
{
	bool any = false;

	for (size_t i = 0; i < s->patterns->count; i++) {
		regmatch_t m = { .rm_so = (regoff_t)at, .rm_eo = (regoff_t)s->line.len };
		int flags = REG_STARTEND | (at || s->goes_on ? REG_NOTBOL : 0) |
			    (s->more ? REG_NOTEOL : 0);

		if (regexec(&s->patterns->items[i], s->line.ptr, 1, &m, flags) != 0 ||
		    m.rm_eo == m.rm_so)
			continue;
		if (any &&
		    (m.rm_so > ret->rm_so || (m.rm_so == ret->rm_so && m.rm_eo <= ret->rm_eo)))
			continue;
		*ret = m;
		any = true;
	}
	return any;
}

/* Passes on what begins before `end` of the line. */
static void match_line(struct pattern_stream *s, size_t end, struct buf *out)
{
	struct span line = buf_span(&s->line);
	regmatch_t m = { 0 };
	size_t at = 0;

	s->more = end < line.len;
	while (at < end && find(s, at, &m) && (size_t)m.rm_so < end) {
		buf_add(out, span_first(span_from(line, at), (size_t)m.rm_so - at));
		buf_adds(out, MASK);
		at = (size_t)m.rm_eo;
	}
	if (at < end) {
		buf_add(out, span_first(span_from(line, at), end - at));
		at = end;
	}
	buf_drop(&s->line, at);
	s->goes_on = true;
}

struct pattern_stream *pattern_stream_new(const struct patterns *p)
{
	struct pattern_stream *s = xcalloc(1, sizeof(*s));

	s->patterns = p;
	buf_init(&s->line, PATTERN_LINE_MAX);
	return s;
}

void pattern_stream_free(struct pattern_stream *s)
{
	if (!s)
		return;
	buf_done(&s->line);
	free(s);
}

void pattern_stream_feed(struct pattern_stream *s, struct span text, struct buf *out)
{
	while (text.len) {
		size_t room = PATTERN_LINE_MAX - s->line.len, len = span_find(text, '\n');
		bool newline = len < text.len && len < room;

		len = len < room ? len : room;
		buf_add(&s->line, span_first(text, len));
		text = span_from(text, len + newline);
		if (newline) {
			match_line(s, s->line.len, out);
			buf_addc(out, '\n');
			s->goes_on = false;
		} else if (s->line.len == PATTERN_LINE_MAX) {
			match_line(s, PATTERN_LINE_MAX / 2, out);
		}
	}
}

void pattern_stream_end(struct pattern_stream *s, struct buf *out)
{
	match_line(s, s->line.len, out);
	s->goes_on = false;
}

void patterns_apply(const struct patterns *p, struct span text, struct buf *out)
{
	struct pattern_stream *s = pattern_stream_new(p);

	pattern_stream_feed(s, text, out);
	pattern_stream_end(s, out);
	pattern_stream_free(s);
}

/* ---- only whether ---- */

static bool is_in_piece(const regex_t *r, struct span piece, int flags)
{
	regmatch_t m = { .rm_so = 0, .rm_eo = (regoff_t)piece.len };

	return regexec(r, (const char *)piece.ptr, 1, &m, flags | REG_STARTEND) == 0 &&
	       m.rm_eo > m.rm_so;
}

/* Of a long line, pieces that overlap by half: as above. */
static bool is_in_line(const regex_t *r, struct span line)
{
	for (size_t at = 0;; at += PATTERN_LINE_MAX / 2) {
		struct span rest = span_from(line, at), piece = span_first(rest, PATTERN_LINE_MAX);
		bool more = piece.len < rest.len;

		if (!piece.len)
			return false;
		if (is_in_piece(r, piece, (at ? REG_NOTBOL : 0) | (more ? REG_NOTEOL : 0)))
			return true;
		if (!more)
			return false;
	}
}

bool patterns_find(const struct patterns *p, size_t from, struct span text, size_t *ret)
{
	for (size_t i = from; i < p->count; i++)
		for (struct span rest = text; rest.len;) {
			size_t len = span_find(rest, '\n');

			if (is_in_line(&p->items[i], span_first(rest, len))) {
				*ret = i;
				return true;
			}
			rest = span_from(rest, len + 1);
		}
	return false;
}
