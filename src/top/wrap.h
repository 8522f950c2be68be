/* SPDX-License-Identifier: MIT */
/* A text that came from traffic as rows of a terminal: made safe, and broken where it is too wide.
 */
#ifndef SPY_TOP_WRAP_H
#define SPY_TOP_WRAP_H

#include "base/buf.h"

/* Appends rows, each with "\n" behind it, and `before` in front of it. Returns how many. `room` of
 * `out` ends it early. */
size_t top_wrap(struct buf *out, struct span text, const char *before, unsigned width, bool utf8);

/* The end of a text, from the beginning of a line: so much that it fills so many rows at least, if
 * the text does; of a longer one its last bytes. So it is broken alike while it grows. */
#define TOP_WRAP_MAX 65536
struct span top_wrap_end(struct span text, size_t rows, unsigned width);

#endif
