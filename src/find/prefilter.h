/* SPDX-License-Identifier: MIT */
/* Strings that show whether a file is worth a finder's time. All are searched for in one pass that
 * skips most bytes, so the many files without any cost next to nothing. Source: S. Wu, U. Manber,
 * "A fast algorithm for multi-pattern searching", 1994. */
#ifndef SPY_FIND_PREFILTER_H
#define SPY_FIND_PREFILTER_H

#include "base/span.h"

#define PREFILTER_MAX	  64
#define PREFILTER_LEN_MIN 4

struct prefilter; /* a set of strings, prepared for the search */

/* Up to PREFILTER_MAX strings, which must outlive it, each of at least PREFILTER_LEN_MIN bytes. */
struct prefilter *prefilter_new(const char *const *strings, size_t count);
void prefilter_free(struct prefilter *s); /* accepts NULL */
/* Bit i is set if strings[i] occurs in `bytes`. Stops early once all were found. */
uint64_t prefilter_search(const struct prefilter *s, struct span bytes);

#endif
