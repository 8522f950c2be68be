/* SPDX-License-Identifier: MIT */
/* What a run saw and what it could not see, for the person at the terminal. */
#ifndef SPY_SUMMARY_H
#define SPY_SUMMARY_H

#include <stdint.h>
#include <stdio.h>

#include "pipeline.h"
#include "show.h"

struct discover;

struct summary {
	const struct show *show;
	const struct pipeline *pipeline;
	const struct limits *limits;
	const struct discover *discover;   /* NULL for a replay */
	const uint64_t *counters;	   /* by enum spy_counter; NULL for a replay */
	uint64_t lost;			   /* events that the kernel says were lost */
};

void summary_print(FILE *out, const struct summary *s);

#endif
