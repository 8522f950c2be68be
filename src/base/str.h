/* SPDX-License-Identifier: MIT */
/* Owned strings: NUL-terminated, from malloc, NULL when unknown. */
#ifndef SPY_BASE_STR_H
#define SPY_BASE_STR_H

#include "base/span.h"

/* Copies a span into an owned string, freeing the old one; an empty span changes nothing. */
void set_string(char **dst, struct span s);

/* Whether both are known and equal. */
bool string_eq(const char *a, const char *b);

#endif
