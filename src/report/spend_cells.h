/* SPDX-License-Identifier: MIT */
/* A sum of spending as the cells of a table for people: a "+" behind what is a lower bound, "-"
 * where there is nothing to tell. */
#ifndef SPY_REPORT_SPEND_CELLS_H
#define SPY_REPORT_SPEND_CELLS_H

#include "report/spend.h"

struct spend_cells {
	char calls[24], failed[24], in[40], cached[40], out[40], usd[40], median[40], most[40];
};

void spend_cells_make(struct spend_cells *c, const struct spend_sum *s);
/* Calls that did not fail. */
uint64_t spend_owing(const struct spend_sum *s);

#endif
