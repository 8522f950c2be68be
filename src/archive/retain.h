/* SPDX-License-Identifier: MIT */
/* What is removed again: the oldest exchanges, but none that is pinned. */
#ifndef SPY_ARCHIVE_RETAIN_H
#define SPY_ARCHIVE_RETAIN_H

#include "archive/db.h"
#include "archive/archive.h"

struct retention {
	bool warned;  /* that pinned exchanges alone are too much */
	bool marks;   /* the index has some of removed texts */
	bool merging; /* a merge of all its segments has begun */
};

/* In batches, so that the file is never locked for long; what is left over is for the next call. */
int retain(struct retention *r, struct db *d, const struct archive_options *o, int64_t now_ns,
	   struct error *reterr);

#endif
