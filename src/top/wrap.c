/* SPDX-License-Identifier: MIT */
#include "top/wrap.h"

#include <string.h>

#include "base/safe_text.h"
#include "base/utf8.h"

#define TAB 4

struct row {
	struct buf *out;
	const char *before;
	unsigned width, column;
	bool utf8, open;
	size_t rows;
};

static void open_row(struct row *r)
{
	if (r->open)
		return;
	buf_adds(r->out, r->before);
	r->open = true;
	r->column = 0;
}

static void end_row(struct row *r)
{
	open_row(r);
	buf_addc(r->out, '\n');
	r->open = false;
	r->rows++;
}

static void put(struct row *r, const char *text, size_t len, unsigned columns)
{
	if (r->open && r->column && r->column + columns > r->width)
		end_row(r);
	open_row(r);
	buf_add(r->out, span_of(text, len));
	r->column += columns;
}

size_t top_wrap(struct buf *out, struct span text, const char *before, unsigned width, bool utf8)
{
	struct row r = { .out = out, .before = before, .width = width ? width : 1, .utf8 = utf8 };
	uint32_t last = 0;

	while (text.len && out->max - out->len > (size_t)width + 64) {
		struct safe_char c;

		if (text.ptr[0] == '\n') {
			end_row(&r);
			text = span_from(text, 1);
			last = 0;
			continue;
		}
		if (text.ptr[0] == '\t') {
			put(&r, "    ", TAB, TAB);
			text = span_from(text, 1);
			continue;
		}
		if (span_starts(text, SPAN_LIT("\r\n"))) {
			text = span_from(text, 1);
			continue;
		}
		safe_text_next(text, utf8, last, &c);
		put(&r, c.text, c.len, c.columns);
		last = c.code;
		text = span_from(text, c.taken);
	}
	if (r.open)
		end_row(&r);
	return r.rows;
}

/* A character has at most four bytes; marks upon it take no column, and are not thought of. */
struct span top_wrap_end(struct span text, size_t rows, unsigned width)
{
	size_t need = rows * width * 4;
	size_t from = text.len > TOP_WRAP_MAX ? text.len - TOP_WRAP_MAX : 0;
	const uint8_t *line;

	if (text.len - from <= need)
		need = text.len - from;
	line = from + need < text.len ? memrchr(text.ptr + from, '\n', text.len - need - from)
				      : NULL;
	if (line)
		return span_from(text, (size_t)(line - text.ptr) + 1);
	return span_from(text, from ? utf8_begin(text, from) : 0);
}
