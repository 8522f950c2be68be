/* SPDX-License-Identifier: MIT */
/* Lists as people type them: "1,2,3". */
#ifndef SPY_BASE_COMMA_H
#define SPY_BASE_COMMA_H

#include "base/span.h"

/* The next element of a list, without blanks around it; empty ones are left out. *rest moves behind
 * it. False: there is none. Elements are separated by any of `separators`. */
bool comma_next(struct span *rest, const char *separators, struct span *ret);

#endif
