/* SPDX-License-Identifier: MIT */
/* Traffic in Markdown. Nothing of it is Markdown itself, nor HTML, a link, an image, a mention of a
 * user or a reference to a ticket: all of it stands in code. */
#ifndef SPY_SINK_MD_TEXT_H
#define SPY_SINK_MD_TEXT_H

#include "base/buf.h"

/* A block between fences that are longer than any run of their sign in it. info: our own word
 * behind the first, or "". wrap: long lines of prose are broken at blanks. lines: at most so many;
 * 0: all. */
void md_block(struct buf *out, const char *info, struct span text, bool wrap, unsigned lines);
/* On one line, of at most `max` columns. */
void md_inline(struct buf *out, struct span text, unsigned max);

#endif
