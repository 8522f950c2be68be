/* SPDX-License-Identifier: MIT */
/* What the sources of a view have in common. */
#ifndef SPY_VIEW_VIEW_INT_H
#define SPY_VIEW_VIEW_INT_H

#include "exchange/spender.h"
#include "select/needle.h"
#include "view/view.h"

/* An exchange on its way out, and whether it counts in sums. */
typedef view_counted_fn source_fn;

struct view {
	const struct view_ops *ops;
	struct view_config config;
};

struct view_ops {
	/* Answers the whole question, or, where `filters` is false, gives everything. */
	int (*each)(struct view *v, const struct view_query *q, source_fn fn, void *arg,
		    struct error *reterr);
	const char *(*kind)(const struct view *v);
	void (*free)(struct view *v);
};

/* Takes over `fd`; `begun`: what was read of it. */
struct view *view_file_new(int fd, struct span begun);
int view_archive_open(struct view **ret, const char *path, struct error *reterr);

/* All but the text. */
bool view_has(const struct view_query *q, const struct exchange *x, bool spends);

#endif
