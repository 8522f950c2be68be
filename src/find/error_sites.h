/* SPDX-License-Identifier: MIT */
/* The functions of one source file that raise errors: each refers to the file's name and loads the
 * numbers of its errors, by which it is known where there are no symbols. Pure. */
#ifndef SPY_FIND_ERROR_SITES_H
#define SPY_FIND_ERROR_SITES_H

#include "find/code.h"

#define RAISERS_MAX 512

struct raiser {
	struct code_function f;
	unsigned numbers; /* bit i: it loads numbers[i] */
};

struct raisers {
	struct code code;
	struct raiser fns[RAISERS_MAX];
	size_t nfns;
};

/* Of the file whose name ends in `file`, which one character `more` may follow (0: none); `count`
 * numbers, 32 at most. False: there are none. raisers_close accepts what failed. */
bool raisers_open(struct raisers *r, const struct image *im, const char *file, char more,
		  const uint32_t *numbers, size_t count);
void raisers_close(struct raisers *r);
/* The only function that has all these numbers; NULL when none or several have. */
const struct raiser *raisers_only(const struct raisers *r, unsigned all);
bool raiser_has(const struct raiser *f, unsigned all);

#endif
