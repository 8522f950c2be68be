/* SPDX-License-Identifier: MIT */
/* `llm-spy --version`: what a report of a fault should name. */
#ifndef SPY_CLI_CMD_VERSION_H
#define SPY_CLI_CMD_VERSION_H

#include <stdio.h>

void version_print(FILE *out);

#endif
