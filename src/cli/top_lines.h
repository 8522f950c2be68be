/* SPDX-License-Identifier: MIT */
/* The table of `llm-spy top` as lines of text, for a terminal and a pipe alike. Whatever came from
 * traffic is made safe. */
#ifndef SPY_CLI_TOP_LINES_H
#define SPY_CLI_TOP_LINES_H

#include "base/buf.h"
#include "view/sessions.h"

#define TOP_COLUMNS  14
#define TOP_LINE_MAX 65536

/* Columns that fit: where there is no room, those that are missed least are left out. */
struct top_layout {
	unsigned width;
	bool utf8;
	unsigned widths[TOP_COLUMNS]; /* 0: left out */
};

void top_lay_out(struct top_layout *l, const struct sessions *s, unsigned width, bool utf8);
/* Each appends one line, without its end. */
void top_write_totals(struct buf *line, const struct top_layout *l, const struct sessions *s);
void top_write_spent(struct buf *line, const struct top_layout *l, const struct sessions *s);
void top_write_heads(struct buf *line, const struct top_layout *l);
void top_write_row(struct buf *line, const struct top_layout *l, const struct session *r);
/* As much of it as fits. */
void top_write_text(struct buf *line, const struct top_layout *l, const char *text);
/* Whether some column shows the text, whatever the case of its ASCII letters. */
bool top_row_says(const struct session *r, const char *text);

#endif
