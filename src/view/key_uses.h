/* SPDX-License-Identifier: MIT */
/* Which API key was used by whom, for what. */
#ifndef SPY_VIEW_KEY_USES_H
#define SPY_VIEW_KEY_USES_H

#include "view/view.h"

/* Programs and users of one key that are named; "..." stands for more. */
#define KEY_NAMES_MAX 8

struct key_names {
	char *items[KEY_NAMES_MAX];
	size_t count;
	bool more;
};

/* One key at one provider. */
struct key_use {
	char id[17]; /* "": of calls of which no key is known */
	char *hint, *provider;
	struct key_names programs, users;
	uint64_t calls, cost_unknown;
	double usd;
	int64_t first_ns, last_ns; /* wall clock, since 1970; 0: not known */
};

struct key_uses {
	struct key_use *rows; /* those used last first */
	size_t count;
	uint64_t left_out; /* calls of keys past the ceiling */
};

/* Of all calls that the query selects and that count in sums. 0, or -errno with a reason, after
 * everything that could be read. */
int key_uses_read(struct key_uses *k, struct view *v, const struct view_query *q,
		  struct error *reterr);
void key_uses_done(struct key_uses *k);

#endif
