/* SPDX-License-Identifier: MIT */
/* What is said at the end of a live run: the whole summary, or one line where the terminal was the
 * command's or nothing but a recording was asked for. */
#ifndef SPY_RUN_OUTCOME_H
#define SPY_RUN_OUTCOME_H

#include "report/summary.h"
#include "run/destination.h"
#include "run/messages.h"

struct outcome {
	const struct options *o;
	struct destination *to;
	struct messages *messages;
};

void outcome_say(const struct outcome *of, const struct run_report *r);

#endif
