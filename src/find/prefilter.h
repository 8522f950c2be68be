/* SPDX-License-Identifier: MIT */
/* Strings by which a file is known to be worth a finder's time. All of them are looked for in one
 * pass that skips over most bytes, so that the many files without any cost next to nothing.
 * Source: S. Wu, U. Manber, "A fast algorithm for multi-pattern searching", 1994. */
#ifndef SPY_FIND_PREFILTER_H
#define SPY_FIND_PREFILTER_H

#include "base/span.h"

#define PREFILTER_MAX	  64
#define PREFILTER_LEN_MIN 4

struct prefilter; /* a set of strings, made ready for the search */

/* Of at most PREFILTER_MAX strings, which must outlive it, each of PREFILTER_LEN_MIN bytes or more.
 */
struct prefilter *prefilter_new(const char *const *strings, size_t count);
void prefilter_free(struct prefilter *s); /* accepts NULL */
/* Bit i is set when strings[i] occurs in `bytes`. Ends early once all were seen. */
uint64_t prefilter_search(const struct prefilter *s, struct span bytes);

#endif
