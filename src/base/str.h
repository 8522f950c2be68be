/* SPDX-License-Identifier: MIT */
/* Strings. Owned ones are NUL-terminated, from malloc, NULL when unknown. */
#ifndef SPY_BASE_STR_H
#define SPY_BASE_STR_H

#include "base/span.h"

/* Copies a span into an owned string, freeing the old one; an empty span changes nothing. */
void set_string(char **dst, struct span s);

/* Whether both are known and equal. */
bool string_eq(const char *a, const char *b);

/* What follows the last '/' of a path; all of it where there is none. Borrowed from it. */
const char *path_name(const char *path);

#endif
