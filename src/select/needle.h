/* SPDX-License-Identifier: MIT */
/* A text that is looked for, whatever its case: TEXT as it stands, or /REGEX/, an extended regular
 * expression of POSIX, line by line. Pure. */
#ifndef SPY_SELECT_NEEDLE_H
#define SPY_SELECT_NEEDLE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/span.h"

struct needle;
/* NULL with what is wrong. */
struct needle *needle_new(const char *text, struct error *reterr);
void needle_free(struct needle *n); /* accepts NULL */
bool needle_is_in(const struct needle *n, struct span text);

#endif
