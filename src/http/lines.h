/* SPDX-License-Identifier: MIT */
/* Puts the lines of a stream together from its pieces; shared by the framings made of lines. */
#ifndef SPY_HTTP_LINES_H
#define SPY_HTTP_LINES_H

#include "base/buf.h"
#include "http/framing.h"

/* `line` is borrowed and has no line end; cut: the limit `event` or a gap took part of it. arg is
 * the framing's state. */
typedef void (*line_fn)(void *arg, struct span line, bool cut);

struct lines {
	struct framing *f; /* gives the limits, and counts the bytes that are skipped */
	line_fn fn;
	struct buf part; /* the beginning of a line that goes on in the next piece */
	bool after_cr;	 /* an LF that comes now belongs to the CR before */
	bool skip;	 /* after a gap: what comes before the next line end is not trusted */
	bool bare_cr;	 /* a lone CR ends a line as well */
};

void lines_init(struct lines *l, struct framing *f, line_fn fn, bool bare_cr);
void lines_done(struct lines *l);
void lines_feed(struct lines *l, struct span s);
/* Emits what there is of the last line, if anything, and skips the rest of it. */
void lines_gap(struct lines *l);
/* Emits the last line when it had no line end. */
void lines_finish(struct lines *l);

#endif
