/* SPDX-License-Identifier: MIT */
/* Allocation that cannot fail: when memory runs out, it prints one line and exits with status 1.
 * Only for sizes that are constant or bounded by a limit, never for a length read from traced
 * bytes. */
#ifndef SPY_BASE_XALLOC_H
#define SPY_BASE_XALLOC_H

#include <stddef.h>

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t len); /* NUL bytes inside are kept */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Makes room for one more element in an array of `count` elements of `size` bytes, growing by
 * powers of two, and zeroes it. Returns the array, which may have moved. */
void *xgrow(void *array, size_t count, size_t size);

/* For __attribute__((cleanup)): frees the string in a char *. */
void xfree_str(char **p);
#define AUTO_FREE __attribute__((cleanup(xfree_str)))

#endif
