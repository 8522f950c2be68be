/* SPDX-License-Identifier: MIT */
/* Whether this user may trace at all, said before anything is started. */
#ifndef SPY_RUN_PRIVILEGES_H
#define SPY_RUN_PRIVILEGES_H

#include "base/error.h"

/* `argv`: of this program, to be run again by root. 0, or -EPERM. What else a host forbids shows
 * when it is tried. */
int privileges_check(char **argv, struct error *reterr);

#endif
