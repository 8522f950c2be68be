/* SPDX-License-Identifier: MIT */
/* --demo: llm-spy traces real clients that talk to llm-spy-mock on loopback. */
#ifndef SPY_DEMO_DEMO_H
#define SPY_DEMO_DEMO_H

#include "base/error.h"
#include "options/options.h"

/* An exit code; reterr is filled when it could not begin. */
int demo_run(struct options *o, struct error *reterr);

#endif
