/* SPDX-License-Identifier: MIT */
/* `llm-spy targets`: which processes could be seen if llm-spy traced now, and which could not. */
#ifndef SPY_CLI_CMD_TARGETS_H
#define SPY_CLI_CMD_TARGETS_H

#include "base/error.h"
#include "options/options.h"

/* Prints the table; returns an exit code, and fills reterr where that is not EXIT_FINE. */
int targets_run(const struct options *o, struct error *reterr);

#endif
