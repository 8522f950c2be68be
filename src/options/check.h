/* SPDX-License-Identifier: MIT */
/* Options that contradict each other, or that would have no effect. */
#ifndef SPY_OPTIONS_CHECK_H
#define SPY_OPTIONS_CHECK_H

#include "options/table.h"

/* `given`: which rows were given, by their place in the table. 0 or -EINVAL. */
int options_check(const struct options *o, const bool *given, struct error *reterr);

/* Selections of processes and exchanges, as a part of it. */
int options_check_selection(const struct options *o, struct error *reterr);

#endif
