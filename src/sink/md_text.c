/* SPDX-License-Identifier: MIT */
/* Source: CommonMark 0.31.2, "Fenced code blocks" and "Code spans". */
#include "sink/md_text.h"

#include "base/utf8.h"
#include "sink/plain.h"

#define COLUMNS 100
/* Of a line that is being made; a longer one is not wrapped. */
#define LINE_BYTES (16u << 10)

static size_t longest_run(struct span s)
{
	size_t longest = 0, run = 0;

	for (size_t i = 0; i < s.len; i++) {
		run = s.ptr[i] == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest;
}

static void repeat(struct buf *out, char c, size_t n)
{
	while (n--)
		buf_addc(out, c);
}

/* ---- lines ---- */

static void add_plain(struct buf *out, struct span s)
{
	struct safe_char c = { .code = 0 };

	for (; s.len; s = span_from(s, c.taken)) {
		plain_next(s, c.code, &c);
		buf_add(out, span_of(c.text, c.len));
	}
}

/* Code, tables and lists of lists are as they are. */
static bool is_prose(struct span line)
{
	return line.len && line.ptr[0] != ' ' && line.ptr[0] != '\t' && line.ptr[0] != '|' &&
	       line.len < LINE_BYTES;
}

/* How much of the line stands before the last blank that leaves it short enough; all of it where it
 * is short, or has no such blank. */
static size_t first_row(struct span line)
{
	struct safe_char c = { .code = 0 };
	size_t at = 0, blank = 0;
	unsigned columns = 0;

	while (at < line.len && (columns <= COLUMNS || !blank)) {
		if (line.ptr[at] == ' ')
			blank = at;
		plain_next(span_from(line, at), c.code, &c);
		columns += c.columns;
		at += c.taken;
	}
	return columns <= COLUMNS || !blank ? line.len : blank;
}

static void add_wrapped(struct buf *out, struct span line)
{
	while (line.len) {
		size_t n = first_row(line);

		add_plain(out, span_first(line, n));
		line = span_from(line, n + 1);
		if (line.len)
			buf_addc(out, '\n');
	}
}

static void add_prose(struct buf *out, struct span s)
{
	bool in_code = false;

	while (s.len) {
		struct span line = span_first(s, span_find(s, '\n'));

		in_code ^= span_starts(line, SPAN_LIT("```"));
		if (is_prose(line) && !in_code)
			add_wrapped(out, line);
		else
			add_plain(out, line);
		s = span_from(s, line.len);
		if (s.len)
			buf_addc(out, '\n');
		s = span_from(s, 1);
	}
}

void md_block(struct buf *out, const char *info, struct span text, bool wrap, unsigned lines)
{
	size_t fence = longest_run(text) + 1, more;

	fence = fence < 3 ? 3 : fence;
	text = plain_lines(text, lines, &more);
	repeat(out, '`', fence);
	buf_adds(out, info);
	buf_addc(out, '\n');
	if (wrap)
		add_prose(out, text);
	else
		add_plain(out, text);
	if (out->len && out->ptr[out->len - 1] != '\n')
		buf_addc(out, '\n');
	repeat(out, '`', fence);
	buf_addc(out, '\n');
	if (more)
		buf_addf(out, "\n*%zu line%s more*\n", more, more == 1 ? "" : "s");
	buf_addc(out, '\n');
}

void md_inline(struct buf *out, struct span text, unsigned max)
{
	size_t marks;
	struct buf s;

	/* Some characters have no width. */
	buf_init(&s, ((size_t)max + 4) * SAFE_TEXT_ESCAPE);
	safe_text_add(&s, text, true, max);
	s.len = utf8_whole(buf_span(&s));
	marks = longest_run(buf_span(&s)) + 1;
	/* Blanks inside are taken off by who reads it. */
	repeat(out, '`', marks);
	buf_adds(out, marks > 1 ? " " : "");
	buf_add(out, s.len ? buf_span(&s) : SPAN_LIT("?"));
	buf_adds(out, marks > 1 ? " " : "");
	repeat(out, '`', marks);
	buf_done(&s);
}
