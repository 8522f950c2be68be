/* SPDX-License-Identifier: MIT */
/* Whatever traffic holds: in HTML it opens no element and ends no attribute, in Markdown it ends no
 * fence and no code span, and nothing in it hides, moves or reorders text. */
#include <stdlib.h>

#include "base/safe_text.h"
#include "base/utf8.h"
#include "sink/html_text.h"
#include "sink/md_text.h"
#include "tests/fuzz/fuzz.h"

static void check_plain(struct span s)
{
	uint32_t code = 0;

	for (size_t n; s.len; s = span_from(s, n)) {
		n = utf8_next(s, &code);
		if (!n || (code != '\n' && code != '\t' && safe_text_is_unsafe(code)))
			abort();
	}
}

static void check_html(struct span s, unsigned max)
{
	struct buf out;

	buf_init(&out, SIZE_MAX / 2);
	if (max)
		html_inline(&out, s, max);
	else
		html_text(&out, s);
	check_plain(buf_span(&out));
	for (size_t i = 0; i < out.len; i++)
		if (strchr("<>\"'", out.ptr[i]) && out.ptr[i])
			abort();
	buf_done(&out);
}

static size_t marks_at(struct span s)
{
	size_t n = 0;

	while (n < s.len && s.ptr[n] == '`')
		n++;
	return n;
}

/* The first and the last of the lines are fences, and none between is one. */
static void check_block(struct span s, bool wrap, unsigned lines)
{
	struct span rest, line;
	size_t fence, fences = 0;
	struct buf out;

	buf_init(&out, SIZE_MAX / 2);
	md_block(&out, "", s, wrap, lines);
	check_plain(buf_span(&out));
	fence = marks_at(buf_span(&out));
	for (rest = buf_span(&out); rest.len; rest = span_from(rest, line.len + 1)) {
		line = span_first(rest, span_find(rest, '\n'));
		while (line.len && line.ptr[0] == ' ')
			line = span_from(line, 1);
		fences += marks_at(line) >= fence;
		line = span_first(rest, span_find(rest, '\n'));
	}
	if (fence < 3 || fences != 2)
		abort();
	buf_done(&out);
}

/* No run of backticks inside is as long as those around. */
static void check_inline(struct span s)
{
	size_t marks, run = 0;
	struct buf out;

	buf_init(&out, SIZE_MAX / 2);
	md_inline(&out, s, 60);
	check_plain(buf_span(&out));
	marks = marks_at(buf_span(&out));
	for (size_t i = marks; i + marks < out.len; i++) {
		run = out.ptr[i] == '`' ? run + 1 : 0;
		if (out.ptr[i] == '\n' || run >= marks)
			abort();
	}
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = span_of(data, size);

	check_html(s, 0);
	check_html(s, 40);
	check_block(s, true, 0);
	check_block(s, false, 3);
	check_inline(s);
	return 0;
}
