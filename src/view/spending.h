/* SPDX-License-Identifier: MIT */
/* Who or what spent how much, and when. */
#ifndef SPY_VIEW_SPENDING_H
#define SPY_VIEW_SPENDING_H

#include "report/spend.h"
#include "view/view.h"

enum spend_by {
	SPEND_BY_MODEL,
	SPEND_BY_PROVIDER,
	SPEND_BY_USER,
	SPEND_BY_PROGRAM,
	SPEND_BY_CONTAINER,
	SPEND_BY_CONVERSATION,
	SPEND_BY_DAY, /* of local time, the last one first */
	SPEND_BYS,
};
const char *spend_by_name(enum spend_by by); /* "model" */

/* What bars are made of: dollars; tokens where there are none; else calls. */
enum spend_bars { SPEND_BARS_USD, SPEND_BARS_TOKENS, SPEND_BARS_CALLS };

struct spending {
	enum spend_by by;
	struct spend_sum all;
	struct spend_table table; /* a row's `asked` is a conversation's title, by conversation */
	/* Each bar of a row, from `first` on, is `width` quarters of an hour; `nbars` are in use.
	 */
	int64_t first, width, last;
	size_t nbars;
	enum spend_bars of;
	struct spending_index *index; /* while it is read */
};

/* All that the query selects. 0, or -errno with a reason, after everything that could be read. */
int spending_read(struct spending *s, enum spend_by by, struct view *v, const struct view_query *q,
		  struct error *reterr);
/* The same of calls that are told one by one, each of which counts in sums. */
void spending_begin(struct spending *s, enum spend_by by);
void spending_add(struct spending *s, const struct exchange *x);
void spending_end(struct spending *s);
void spending_done(struct spending *s);

#endif
