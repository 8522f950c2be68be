/* SPDX-License-Identifier: MIT */
/* The functions of one source file that raise errors: each refers to the file's name and loads the
 * numbers of its errors, by which it is known where there are no symbols. Pure. */
#ifndef SPY_FIND_ERROR_SITES_H
#define SPY_FIND_ERROR_SITES_H

#include "find/code.h"

#define ERROR_SITES_MAX 512

struct error_site {
	struct code_function f;
	unsigned numbers; /* bit i: it loads numbers[i] */
};

struct error_sites {
	struct code code;
	struct error_site fns[ERROR_SITES_MAX];
	size_t nfns;
};

/* Of the file whose name ends in `file`, which one character `more` may follow (0: none); `count`
 * numbers, 32 at most. False: there are none. error_sites_close accepts what failed. */
bool error_sites_open(struct error_sites *r, const struct image *im, const char *file, char more,
		      const uint32_t *numbers, size_t count);
void error_sites_close(struct error_sites *r);
/* The only function that has all these numbers; NULL when none or several have. */
const struct error_site *error_sites_only(const struct error_sites *r, unsigned all);
bool error_site_has(const struct error_site *f, unsigned all);

#endif
