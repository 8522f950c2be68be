/* SPDX-License-Identifier: MIT */
/* Strings by which a file is known to be worth a finder's time. All of them are looked for in one
 * pass that skips over most bytes, so that the many files without any cost next to nothing.
 * Source: S. Wu, U. Manber, "A fast algorithm for multi-pattern searching", 1994. */
#ifndef SPY_FIND_PREFILTER_H
#define SPY_FIND_PREFILTER_H

#include "base/span.h"

#define SIGNS_MAX    64
#define SIGN_LEN_MIN 4

struct signs; /* a set of strings, made ready for the search */

/* Of at most SIGNS_MAX strings, which must outlive it, each of SIGN_LEN_MIN bytes or more. */
struct signs *signs_new(const char *const *strings, size_t count);
void signs_free(struct signs *s); /* accepts NULL */
/* Bit i is set when strings[i] occurs in `bytes`. Ends early once all were seen. */
uint64_t signs_search(const struct signs *s, struct span bytes);

#endif
