/* SPDX-License-Identifier: MIT */
/* llm-spy config: what configuration files say. */
#ifndef SPY_CLI_CMD_CONFIG_H
#define SPY_CLI_CMD_CONFIG_H

#include "options/options.h"

/* Prints what is in effect, as a file that says the same; or, with the operand "check", whether the
 * files, or the one it names, are right. An exit code. */
int config_run(const struct options *o, struct error *reterr);

#endif
