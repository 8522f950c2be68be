/* SPDX-License-Identifier: MIT */
#include "sink/page.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>

#include "sink/page_int.h"

#define INDENT 8
/* Narrower than this nothing readable can be laid out. */
#define WIDTH_LEAST 24
#define TAB	    8
/* However many marks combine with a letter. */
#define BYTES_PER_ROW ((size_t)32)
/* Only a row that is not wrapped gets anywhere near. */
#define ROW_BYTES (64u << 20)

/* Colours that can be read on light and on dark: bright blue instead of blue, magenta instead of
 * yellow, and text itself has none. */
static const char *const colors[] = {
	[INK_PLAIN] = "",	  [INK_META] = "\x1b[2m",  [INK_STRONG] = "\x1b[1m",
	[INK_USER] = "\x1b[94m",  [INK_SAY] = "\x1b[32m",  [INK_TOOL] = "\x1b[36m",
	[INK_ERROR] = "\x1b[31m", [INK_WARN] = "\x1b[35m", [INK_GOOD] = "\x1b[32m",
};

void page_init(struct page *p, FILE *out, unsigned width, bool color, bool utf8)
{
	*p = (struct page){ .out = out, .color = color, .utf8 = utf8 };
	p->width = width && width < WIDTH_LEAST ? WIDTH_LEAST : width;
	buf_init(&p->row, ROW_BYTES);
}

void page_done(struct page *p)
{
	page_end(p);
	buf_done(&p->row);
}

const char *page_sign(const struct page *p, const char *utf8, const char *ascii)
{
	return p->utf8 ? utf8 : ascii;
}

unsigned page_ellipsis_columns(const struct page *p)
{
	return p->utf8 ? 1 : 3;
}

unsigned page_room(const struct page *p)
{
	return p->limit > p->column ? p->limit - p->column : 0;
}

/* ---- characters ---- */

static void color_on(struct page *p, enum ink ink)
{
	if (!p->color || !*colors[ink] || p->cut)
		return;
	buf_adds(&p->row, colors[ink]);
	p->in_color = true;
}

static void color_off(struct page *p)
{
	if (p->in_color && !p->cut)
		buf_adds(&p->row, "\x1b[0m");
	p->in_color = false;
}

/* One that does not fit ends the row, however much follows. */
static void put_char(struct page *p, const char *text, size_t len, unsigned columns)
{
	if (p->cut)
		return;
	if (p->column + columns > p->limit || p->row.len > BYTES_PER_ROW * p->limit) {
		p->cut = true;
		return;
	}
	buf_add(&p->row, span_of(text, len));
	p->column += columns;
	if (p->column + page_ellipsis_columns(p) <= p->limit) {
		p->fits = p->row.len;
		p->fits_color = p->in_color;
	}
}

static void put_blanks(struct page *p, unsigned n)
{
	while (n--)
		put_char(p, " ", 1, 1);
}

unsigned page_next_char(const struct page *p, struct span s, unsigned column, uint32_t before,
			struct safe_char *ret)
{
	safe_text_next(s, p->utf8, before, ret);
	return s.ptr[0] == '\t' ? TAB - column % TAB : ret->columns;
}

/* Those of s, as far as they begin before column `max`. */
static void put_traffic(struct page *p, struct span s, unsigned max)
{
	unsigned column = 0;
	struct safe_char c = { .code = p->before };

	while (s.len && !p->cut) {
		unsigned columns = page_next_char(p, s, column, c.code, &c);

		if (column + columns > max)
			break;
		if (s.ptr[0] == '\t')
			put_blanks(p, columns);
		else
			put_char(p, c.text, c.len, columns);
		column += columns;
		s = span_from(s, c.taken);
	}
	p->before = c.code;
}

unsigned page_columns(const struct page *p, struct span s)
{
	struct safe_char c = { .code = 0 };
	unsigned columns = 0;

	while (s.len && columns < UINT_MAX / 2) {
		columns += page_next_char(p, s, columns, c.code, &c);
		s = span_from(s, c.taken);
	}
	return columns;
}

/* ---- one row ---- */

void page_end(struct page *p)
{
	if (!p->begun)
		return;
	if (p->cut) {
		p->row.len = p->fits;
		if (p->fits_color)
			buf_adds(&p->row, "\x1b[0m");
		buf_adds(&p->row, page_sign(p, "…", "..."));
	}
	while (!p->cut && p->row.len && p->row.ptr[p->row.len - 1] == ' ')
		p->row.len--;
	if (p->prefix)
		fputs(p->prefix, p->out);
	if (p->row.len)
		fwrite(p->row.ptr, 1, p->row.len, p->out);
	fputc('\n', p->out);
	p->rows++;
	p->begun = false;
}

static void begin(struct page *p)
{
	page_end(p);
	buf_reset(&p->row);
	p->column = 0;
	p->before = 0;
	p->cut = p->in_color = p->fits_color = false;
	p->fits = 0;
	p->limit = p->width ? p->width : p->is_endless ? UINT_MAX / 2 : PAGE_UNWRAPPED;
	p->begun = true;
}

void page_row(struct page *p, enum ink ink, const char *label)
{
	begin(p);
	p->indent = label ? INDENT : 2;
	if (!label)
		return;
	page_put(p, INK_PLAIN, "  ");
	page_put(p, ink, label);
	put_blanks(p, p->column < INDENT ? INDENT - p->column : 1);
}

void page_more(struct page *p)
{
	unsigned indent = p->indent;

	begin(p);
	p->indent = indent;
	put_blanks(p, indent);
}

void page_put(struct page *p, enum ink ink, const char *text)
{
	if (!*text)
		return;
	color_on(p, ink);
	put_traffic(p, span_str(text), UINT_MAX);
	color_off(p);
}

void page_putf(struct page *p, enum ink ink, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	page_put(p, ink, text);
}

struct span page_fitting(const struct page *p, struct span s, unsigned max)
{
	struct safe_char c = { .code = p->before };
	unsigned column = 0;
	size_t at = 0;

	while (at < s.len) {
		column += page_next_char(p, span_from(s, at), column, c.code, &c);
		if (column > max || at > PAGE_COLUMN_BYTES * max)
			break;
		at += c.taken;
	}
	return span_first(s, at);
}

void page_traffic(struct page *p, enum ink ink, struct span s, unsigned max)
{
	struct span head = page_fitting(p, s, max);

	if (!s.len)
		return;
	color_on(p, ink);
	if (head.len < s.len && max > page_ellipsis_columns(p)) {
		head = page_fitting(p, s, max - page_ellipsis_columns(p));
		put_traffic(p, head, max);
		page_put(p, INK_PLAIN, page_sign(p, "…", "..."));
	} else {
		put_traffic(p, head, max);
	}
	color_off(p);
}

void page_item(struct page *p, enum ink ink, const char *text)
{
	unsigned columns = page_columns(p, span_str(text));
	bool first = p->column <= p->indent;

	if (!first && columns + 3 > page_room(p)) {
		page_more(p);
		first = true;
	}
	if (!first)
		page_put(p, INK_META, page_sign(p, " · ", " | "));
	page_put(p, ink, text);
}

struct page_number page_number(uint64_t n)
{
	struct page_number ret;
	char digits[24];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n), at = 0;

	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			ret.text[at++] = ',';
		ret.text[at++] = digits[i];
	}
	ret.text[at] = '\0';
	return ret;
}
