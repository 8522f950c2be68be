/* SPDX-License-Identifier: MIT */
/* The table of `llm-spy top` as lines of text, for a terminal and a pipe alike. Whatever came from
 * traffic is made safe. */
#ifndef SPY_TOP_LINES_H
#define SPY_TOP_LINES_H

#include "base/buf.h"
#include "top/cells.h"

#define TOP_LINE_MAX 65536

/* Columns that fit: where there is no room, those that are missed least are left out. */
struct top_layout {
	unsigned width;
	bool utf8;
	struct top_moment now;
	unsigned widths[TOP_COLUMNS]; /* 0: left out */
};

/* Those that are shown as a rule, one bit for each. */
unsigned top_usual_columns(void);
/* Fits the rows from `first` on, `count` of them. columns: a bit for each that may be shown. */
void top_lay_out(struct top_layout *l, const struct sessions *s, size_t first, size_t count,
		 unsigned columns);
/* Each appends one line, without its end. */
void top_write_heads(struct buf *line, const struct top_layout *l);
void top_write_row(struct buf *line, const struct top_layout *l, const struct session *r);
/* As much of it as fits. */
void top_write_text(struct buf *line, const struct top_layout *l, const char *text);
/* Which column stands there. TOP_COLUMNS: none. */
enum top_column top_column_at(const struct top_layout *l, unsigned x);
/* Whether some column shows the text, whatever the case of its ASCII letters. */
bool top_row_says(const struct session *r, const char *text);

#endif
