/* SPDX-License-Identifier: MIT */
/* What a run missed, each kind in a few words: "5 events lost (try a larger --buffer-size)". */
#ifndef SPY_REPORT_MISSED_H
#define SPY_REPORT_MISSED_H

#include "report/summary.h"

/* Calls `item` for each kind of which there is something. */
typedef void (*missed_fn)(void *arg, const char *text, uint64_t count);
void missed_each(const struct run_report *r, missed_fn item, void *arg);

#endif
