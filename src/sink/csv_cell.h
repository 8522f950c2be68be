/* SPDX-License-Identifier: MIT */
/* Cells of CSV. What is unknown (COUNT_UNKNOWN, NULL) is empty, never 0. */
#ifndef SPY_SINK_CSV_CELL_H
#define SPY_SINK_CSV_CELL_H

#include "base/buf.h"

void csv_number(struct buf *o, int64_t n);
void csv_milliseconds(struct buf *o, int64_t ns);
void csv_moment(struct buf *o, int64_t ns);
/* The fewest digits that are read as the same number. */
void csv_dollars(struct buf *o, double usd);
/* RFC 4180, and harmless in a spreadsheet and on a terminal. */
void csv_text(struct buf *o, const char *s);

#endif
