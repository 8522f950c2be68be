/* SPDX-License-Identifier: MIT */
/* Writes text to a terminal: traffic can neither send it control characters nor imitate our own
 * lines, long lines are wrapped between words, and columns are counted as a terminal does. */
#ifndef SPY_SINK_TERM_H
#define SPY_SINK_TERM_H

#include <stdio.h>

#include "base/buf.h"
#include "base/span.h"

struct term {
	FILE *out;
	unsigned width;	 /* columns; 0: lines are not wrapped */
	unsigned indent; /* of every line that traffic begins */
	unsigned column;
	bool utf8;	 /* characters beyond ASCII may be written */
	struct buf word; /* not yet written: it may have to go to the next line */
	unsigned word_columns;
	uint32_t before; /* code of the last character of traffic */
	struct buf torn; /* beginning of a character whose rest comes with the next piece */
};

void term_init(struct term *t, FILE *out, unsigned width, bool utf8);
void term_done(struct term *t);

/* Our own text, as it is; it may hold escape sequences but no tabs. */
void term_own(struct term *t, const char *s);
void term_ownf(struct term *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Ends the line, if one is begun. */
void term_fresh_line(struct term *t);
void term_newline(struct term *t);

/* Traffic. Line ends lead to a line that begins with `indent` blanks; what is no printable
 * character is written as \n-like escape: \x1b, \u202e. A character may be split between calls. */
void term_traffic(struct term *t, struct span s);
/* The same in one line: line ends are escaped too, and at most `max` columns are written. */
void term_inline(struct term *t, struct span s, unsigned max);
/* Writes what is held back, after a piece of a stream or at the end of a text. */
void term_flush(struct term *t, bool last);

#endif
