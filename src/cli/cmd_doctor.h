/* SPDX-License-Identifier: MIT */
/* `llm-spy doctor`: whether this host and user can trace, and what to mend where not. */
#ifndef SPY_CLI_CMD_DOCTOR_H
#define SPY_CLI_CMD_DOCTOR_H

#include "options/options.h"

/* Prints a line for each check that did not go well (all, with JSON or --verbose); EXIT_FINE, or
 * EXIT_CANNOT when one failed. */
int doctor_run(const struct options *o);

#endif
