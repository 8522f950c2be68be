/* SPDX-License-Identifier: MIT */
/* Live tracing, from compiling the probe to the last event. */
#ifndef SPY_RUN_TRACER_H
#define SPY_RUN_TRACER_H

#include "base/error.h"
#include "options/options.h"
#include "run/faces.h"

/* Runs until a signal, the command's end, or an error; returns an exit code. On an error before
 * tracing began, reterr is filled and EXIT_CANNOT or EXIT_FAILED returned. */
int tracer_run(const struct options *o, const struct face *const *faces, struct error *reterr);

#endif
