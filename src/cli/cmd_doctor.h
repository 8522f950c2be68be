/* SPDX-License-Identifier: MIT */
/* `llm-spy doctor`: whether this host and user can trace, and what to mend where not. */
#ifndef SPY_CLI_CMD_DOCTOR_H
#define SPY_CLI_CMD_DOCTOR_H

/* Prints a line for each check; EXIT_FINE, or EXIT_CANNOT when one failed. */
int doctor_run(void);

#endif
