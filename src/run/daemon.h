/* SPDX-License-Identifier: MIT */
/* A tracer that keeps what it sees, for a service manager to start. */
#ifndef SPY_RUN_DAEMON_H
#define SPY_RUN_DAEMON_H

#include "base/error.h"
#include "options/options.h"

/* As tracer_run, with an archive in $STATE_DIRECTORY, else /var/lib/llm-spy, as its output. */
int daemon_run(const struct options *o, struct error *reterr);

#endif
