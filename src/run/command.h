/* SPDX-License-Identifier: MIT */
/* The command that is to be run, as the user who called sudo would run it: found in that user's
 * PATH, with that user's environment. */
#ifndef SPY_RUN_COMMAND_H
#define SPY_RUN_COMMAND_H

#include "base/error.h"

/* The environment for the command; environment_free() it. NULL with reterr filled when there is no
 * such command: -ENOENT, or it cannot be run. */
char **command_environment(char *const *argv, struct error *reterr);

/* The environment of the user who called sudo, else ours; environment_free() it. */
char **command_caller_environment(void);

#endif
