/* SPDX-License-Identifier: MIT */
/* What a run saw and what it could not see, for the person at the terminal. */
#ifndef SPY_REPORT_SUMMARY_H
#define SPY_REPORT_SUMMARY_H

#include <stdint.h>
#include <stdio.h>

#include "pipeline.h"
#include "sink/fanout.h"

struct discover;
struct unseen;

struct summary {
	const struct fanout *show;
	const struct pipeline *pipeline;
	const struct limits *limits;
	struct discover *discover;   /* NULL for a replay */
	const uint64_t *counters;    /* by enum spy_counter; NULL for a replay */
	bool every_file;	     /* name all that was hooked, not what was used alone */
	uint64_t lost;		     /* events that the kernel says were lost */
	uint64_t unsearched, killed; /* files that could not be searched; searches somebody killed
				      */
};

void summary_print(FILE *out, const struct summary *s);
/* Who said how much, and who could not be seen; the first part of the summary. notes may be NULL.
 */
void summary_print_map(FILE *out, const struct process_stats *seen, const struct unseen *notes);
/* 1536 -> "1.5 KiB", in one of a few buffers that take turns. */
const char *size_text(uint64_t bytes);

#endif
