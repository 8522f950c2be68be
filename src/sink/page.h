/* SPDX-License-Identifier: MIT */
/* Rows of a block for people. A row is never wider than the page, however long its texts are, and
 * holds no control character but the escape sequences of its own colours. Each row ends the colour
 * that it began, so that rows can be cut apart and prefixed. */
#ifndef SPY_SINK_PAGE_H
#define SPY_SINK_PAGE_H

#include <stdio.h>

#include "base/buf.h"
#include "base/span.h"

/* What a text is, which gives it a colour. */
enum ink {
	INK_PLAIN,
	INK_META, /* what was measured or counted, and what is not new */
	INK_STRONG,
	INK_USER,
	INK_SAY,
	INK_TOOL,
	INK_ERROR,
	INK_WARN,
	INK_GOOD,
};

struct page {
	FILE *out;
	unsigned width; /* columns; 0: a line of text is one row, cut where it is very long */
	bool color, utf8;
	const char *prefix; /* before each row, our own text; NULL: nothing */
	size_t rows;	    /* written so far */

	/* The row that is begun. */
	struct buf row;
	unsigned column, indent;
	unsigned limit;	 /* columns of this row */
	bool is_endless; /* rows of this text have no limit */
	uint32_t before; /* code of the last character */
	bool begun;
	bool cut;	 /* what came did not fit */
	size_t fits;	 /* so much of it stays before an ellipsis */
	bool fits_color; /* in whose middle a colour is open */
	bool in_color;
};

void page_init(struct page *p, FILE *out, unsigned width, bool color, bool utf8);
void page_done(struct page *p);

/* ---- one row ---- */

/* Begins a row, ending another. label: our own, up to 5 letters; NULL: none, and the row begins at
 * the left. */
void page_row(struct page *p, enum ink ink, const char *label);
/* The same for a row that continues one with a label. */
void page_more(struct page *p);
/* Our own text, without line ends and escapes. */
void page_put(struct page *p, enum ink ink, const char *text);
void page_putf(struct page *p, enum ink ink, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Traffic on the same row, in at most `max` columns. */
void page_traffic(struct page *p, enum ink ink, struct span s, unsigned max);
/* Traffic whose lines follow one another on the row, with a sign between them. */
void page_joined(struct page *p, enum ink ink, struct span s, unsigned max);
/* The same, and how many lines there are if not all of it fits. */
void page_one_row(struct page *p, enum ink ink, struct span s, unsigned max);
/* Our own text after " · ", on the next row where it does not fit on this one. */
void page_item(struct page *p, enum ink ink, const char *text);
void page_end(struct page *p); /* the row, if one is begun */
/* Columns that are left on the row. */
unsigned page_room(const struct page *p);

/* ---- texts of several rows ---- */

/* The text from here on, wrapped, in at most `max` rows; what is left out is counted. The row is
 * begun by the caller. 0: all of it. */
void page_text(struct page *p, enum ink ink, struct span s, size_t max);

/* Columns of our own text, or of traffic as it would be written. */
unsigned page_columns(const struct page *p, struct span s);
/* Lines of a text, without empty ones at both ends. */
size_t page_lines(struct span s);
/* 1234567 -> 1,234,567 */
struct page_number {
	char text[32];
} page_number(uint64_t n);
/* A sign beyond ASCII, or what stands for it. */
const char *page_sign(const struct page *p, const char *utf8, const char *ascii);

#endif
