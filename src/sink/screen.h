/* SPDX-License-Identifier: MIT */
/* What is drawn on a terminal that is redrawn: lines above, which scroll away, and below them a
 * region of few lines that always shows how things are.
 *
 * Between two frames the cursor is at the beginning of the region. So a frame needs to know nothing
 * of the one before: whatever a resize did to the lines, it erases from there on. */
#ifndef SPY_SINK_SCREEN_H
#define SPY_SINK_SCREEN_H

#include <stdio.h>

#include "base/buf.h"

struct screen;
struct screen *screen_new(FILE *out);
void screen_free(struct screen *s); /* accepts NULL */

/* Of the terminal. After a change, all is drawn anew. */
void screen_resize(struct screen *s, unsigned columns, unsigned rows);
unsigned screen_columns(const struct screen *s);
unsigned screen_rows(const struct screen *s);

/* Text for above, in whole lines, which is written as it is with the next frame. */
void screen_print(struct screen *s, struct span lines);
bool screen_has_text(const struct screen *s); /* that is not written yet */
/* An empty buffer for the region's lines, each with a line end; of our own making, they may hold
 * colours. What goes past the right border is cut off. */
struct buf *screen_region(struct screen *s);
/* Writes what is new since the last frame, in one piece. Returns whether there was anything. */
bool screen_draw(struct screen *s);

/* Writes the text alone, as to any file: the terminal is not ours to draw on. */
void screen_scroll(struct screen *s);

/* Something else was written to the terminal: the next frame draws all lines. */
void screen_forget(struct screen *s);
/* Whether a region stands there. */
bool screen_is_drawn(const struct screen *s);

/* Erases the region, where the cursor is. */
#define SCREEN_ERASE "\r\x1b[J"

#endif
