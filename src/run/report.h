/* SPDX-License-Identifier: MIT */
/* Gathers what the summary is made of, and prints it. */
#ifndef SPY_RUN_REPORT_H
#define SPY_RUN_REPORT_H

#include "options/options.h"
#include "pipeline.h"
#include "report/summary.h"

/* Totals that know the users of this host; totals_done ends them. */
void report_begin(struct totals *t, enum show_mode mode, const struct select *selection);
/* What a replay and a live run have in common. */
struct run_report report_gather(const struct pipeline *p, const struct totals *t,
				const struct limits *l);
/* In this form, on standard error. */
void report_print(const struct run_report *r, enum summary_form form);
void report_print_map(const struct run_report *r);

#endif
