/* SPDX-License-Identifier: MIT */
/* The functions of one source file that raise errors. Each refers to the file's name and loads the
 * numbers of its errors, which identify it without symbols. Pure. */
#ifndef SPY_FIND_ERROR_SITES_H
#define SPY_FIND_ERROR_SITES_H

#include "find/code.h"

#define ERROR_SITES_MAX 512

struct error_site {
	struct code_function f;
	unsigned numbers; /* bit i: loads numbers[i] */
};

struct error_sites {
	struct code code;
	struct error_site fns[ERROR_SITES_MAX];
	size_t nfns;
};

/* Finds the functions of the source file whose name ends in `file`; the character `more` may follow
 * (0: none). `count`: number of `numbers`, at most 32. False: no such functions. error_sites_close
 * accepts what failed. */
bool error_sites_open(struct error_sites *r, const struct image *im, const char *file, char more,
		      const uint32_t *numbers, size_t count);
void error_sites_close(struct error_sites *r);
/* The only function with all of these numbers; NULL if there are none or several. */
const struct error_site *error_sites_only(const struct error_sites *r, unsigned all);
bool error_site_has(const struct error_site *f, unsigned all);

#endif
