/* SPDX-License-Identifier: MIT */
/* A tracer that keeps what it sees, for a service manager to start. */
#ifndef SPY_RUN_DAEMON_H
#define SPY_RUN_DAEMON_H

#include "base/error.h"
#include <stdbool.h>

#include "options/options.h"
#include "run/faces.h"

/* As tracer_run, with an archive in $STATE_DIRECTORY, else /var/lib/llm-spy, as its first
 * output. */
int daemon_run(const struct options *o, const struct face *const *faces, struct error *reterr);

/* Whether one runs, which keeps what it sees in /var/lib/llm-spy. */
bool daemon_runs(void);

#endif
