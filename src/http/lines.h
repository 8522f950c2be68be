/* SPDX-License-Identifier: MIT */
/* Puts the lines of a stream together from its pieces; shared by the framings made of lines. */
#ifndef SPY_HTTP_LINES_H
#define SPY_HTTP_LINES_H

#include "base/buf.h"
#include "base/limits.h"

struct lines {
	struct buf part; /* the beginning of a line that goes on in the next piece */
	bool after_cr;	 /* an LF that comes now belongs to the CR before */
	bool skip;	 /* after a gap: what comes before the next line end is not trusted */
	bool bare_cr;	 /* a lone CR ends a line as well */
};

/* `line` is borrowed and has no line end; cut: the limit `event` took part of it. */
typedef int (*line_fn)(void *arg, struct span line, bool cut);

void lines_init(struct lines *l, const struct limits *lim, bool bare_cr);
void lines_done(struct lines *l);
int lines_feed(struct lines *l, struct limits *lim, struct span s, line_fn fn, void *arg);
/* Gives out what there is of the last line, if anything, and forgets it. */
int lines_flush(struct lines *l, line_fn fn, void *arg, bool cut);

#endif
