/* SPDX-License-Identifier: MIT */
/* A run in one line. Pure. */
#ifndef SPY_RUN_RESULT_H
#define SPY_RUN_RESULT_H

#include <stdbool.h>

#include "report/summary.h"

/* "6 calls, 23.0k in (97% cached) -> 271 out, $0.0264, nothing missed"; `warnings`: how many were
 * given while nobody could see them. */
void result_write(struct buf *out, const struct run_report *r, uint64_t warnings);
/* Nothing to show, and nothing that may have been missed. */
bool result_is_nothing(const struct run_report *r);

#endif
