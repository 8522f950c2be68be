/* SPDX-License-Identifier: MIT */
/* What stands above the table: sums, and how fast it goes. */
#ifndef SPY_TOP_HEADER_H
#define SPY_TOP_HEADER_H

#include "top/lines.h"
#include "top/model.h"

/* Each appends one line, without its end. */
void top_write_totals(struct buf *line, const struct top_layout *l, const struct top_model *m);
void top_write_spent(struct buf *line, const struct top_layout *l, const struct top_model *m);
void top_write_pace(struct buf *line, const struct top_layout *l, const struct top_model *m);

#endif
