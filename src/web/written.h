/* SPDX-License-Identifier: MIT */
/* Records as outputs write them (sink/), into memory. */
#ifndef SPY_WEB_WRITTEN_H
#define SPY_WEB_WRITTEN_H

#include <stdio.h>

#include "sink/sink.h"

struct written {
	const struct sink_ops *ops;
	struct sink *sink;
	FILE *out;
	char *text;
	size_t len;
};

/* 0, or -errno with a reason. */
int written_begin(struct written *w, const char *format, struct error *reterr);
/* In the order in which they are to stand. */
int written_add(struct written *w, const struct exchange *x, struct error *reterr);
/* All of it, appended; it is done then, also where it fails. */
int written_end(struct written *w, struct buf *out, struct error *reterr);

#endif
