/* SPDX-License-Identifier: MIT */
/* What is removed again: the oldest exchanges, but none that is pinned. */
#ifndef SPY_ARCHIVE_RETAIN_H
#define SPY_ARCHIVE_RETAIN_H

#include "archive/archive.h"
#include "archive/db.h"

struct retention {
	bool warned; /* that pinned exchanges alone are too much */
};

/* In batches, so that the file is never locked for long; what is left over is for the next call. */
int retain(struct retention *r, struct db *d, const struct archive_options *o, int64_t now_ns,
	   struct error *reterr);

#endif
