/* SPDX-License-Identifier: MIT */
/* Live tracing, from compiling the probe to the last event. */
#ifndef SPY_TRACE_H
#define SPY_TRACE_H

#include "base/error.h"
#include "options.h"

/* Runs until a signal, the command's end, or an error; returns an exit code. On an error before
 * tracing began, reterr is filled and EXIT_CANNOT or EXIT_FAILED returned. */
int trace_run(const struct options *o, struct error *reterr);

#endif
