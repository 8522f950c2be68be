/* SPDX-License-Identifier: MIT */
/* `llm-spy --replay FILE`: shows a recording as tracing shows what it captures. */
#ifndef SPY_CLI_CMD_REPLAY_H
#define SPY_CLI_CMD_REPLAY_H

#include "base/error.h"
#include "options/options.h"

/* An exit code; where reterr is filled, it says why. */
int replay_run(const struct options *o, struct error *reterr);

#endif
