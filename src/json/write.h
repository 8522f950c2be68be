/* SPDX-License-Identifier: MIT */
/* Values as JSON text: compact, members in their order, numbers as they were written
 * (json/number.h). What ends a line for some readers, and what a terminal obeys, is escaped. */
#ifndef SPY_JSON_WRITE_H
#define SPY_JSON_WRITE_H

#include <jansson.h>

#include "base/buf.h"

/* Appends; `out` is full where its ceiling was reached, and its text is cut then. NULL: nothing. */
void json_write(const json_t *v, struct buf *out);
/* The text, to be freed; NULL for NULL. */
char *json_write_text(const json_t *v);
/* The same in lines, indented by `step` blanks. */
char *json_write_lines(const json_t *v, unsigned step);

/* Appends what json_dumps returns, whose text only jansson can free. -1: there is no such text, or
 * `out` is full. */
int json_dump_to(const json_t *v, size_t flags, struct buf *out);

/* The text of a value that names something, a string or a number; NULL: it is neither, or too long.
 * The caller frees it. */
char *json_name_text(const json_t *v);

#endif
