/* SPDX-License-Identifier: MIT */
/* What would be said while a command has the terminal: into its log, or kept until the end. */
#ifndef SPY_RUN_MESSAGES_H
#define SPY_RUN_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "sink/fanout.h"

struct messages {
	bool held;
	struct fanout *log; /* NULL: none, they are kept */
	struct buf kept;
	uint64_t warnings;
};

/* From now on, until messages_release(). */
void messages_hold(struct messages *m, struct fanout *log);
/* Says what was kept; without messages_hold() nothing. */
void messages_release(struct messages *m);

#endif
