/* SPDX-License-Identifier: MIT */
/* What changed between two texts, line by line. Its work is bounded: of texts that are too long or
 * too different, all that lies between the first and the last difference counts as replaced. */
#ifndef SPY_SINK_DIFF_H
#define SPY_SINK_DIFF_H

#include "base/span.h"

struct diff_line {
	bool added;	  /* else removed */
	size_t number;	  /* from 1: in the new text, of one that was removed in the old */
	struct span text; /* borrowed, without its end */
};

struct diff {
	struct diff_line *lines; /* those that changed, in order; what was removed comes first */
	size_t count;
	size_t added, removed; /* of all, also where `lines` does not hold all */
	size_t first;	       /* number, in the new text, of the line at which they differ */
};

/* Lines of a diff that are kept. */
#define DIFF_LINES_MAX 1000

void diff_make(struct diff *d, struct span before, struct span after);
void diff_done(struct diff *d);

#endif
