/* SPDX-License-Identifier: MIT */
/* Which files are worth a line of the summary. */
#ifndef SPY_RUN_REPORT_FILES_H
#define SPY_RUN_REPORT_FILES_H

#include "discover/target.h"
#include "report/summary.h"

/* Fills r->files, which the caller frees; the names in it stay the list's. `every`: also those that
 * are hooked as they should be. */
void report_add_files(struct run_report *r, const struct target_list *l, bool every);

#endif
