/* SPDX-License-Identifier: MIT */
/* Gathers what the summary is made of, and prints it. */
#ifndef SPY_RUN_REPORT_H
#define SPY_RUN_REPORT_H

#include "options/options.h"
#include "pipeline.h"
#include "report/summary.h"
#include "run/alerts.h"
#include "sink/fanout.h"

/* What a call passes on its way to the outputs and the summary. */
struct report_way {
	struct totals *totals;
	struct fanout *fanout;
	const struct prices *prices;
	struct limits *limits;
	const struct select *selection;
	const struct named_hosts *named; /* --as */
	struct run_alerts *alerts;	 /* NULL: none */
	const struct key_secret *secret; /* NULL: keys are not told apart */
};
/* All is borrowed but the pipeline, which is the caller's. Begins the totals, which know the users
 * of this host; totals_done ends them. */
struct pipeline *report_begin(const struct report_way *w);
/* What a replay and a live run have in common. */
struct run_report report_gather(const struct pipeline *p, const struct totals *t,
				const struct limits *l);
/* In this form, on standard error. */
void report_print(const struct run_report *r, enum summary_form form);
void report_print_map(const struct run_report *r);

#endif
