/* SPDX-License-Identifier: MIT */
/* Runs the command of --on-alert, in a process of its own with the rights of who called sudo: the
 * tracer has threads, and none of them may wait. What traffic says is in the command's environment
 * alone, never on its command line. */
#ifndef SPY_RUN_ALERT_RUNNER_H
#define SPY_RUN_ALERT_RUNNER_H

#include "base/buf.h"
#include "base/error.h"

/* Commands that run at once. What comes meanwhile waits in a socket, and is dropped when that is
 * full. */
#define ALERT_COMMANDS_MAX 8
/* Of the variables of one alert. */
#define ALERT_VARIABLES_MAX 4096

/* To be called while there is one thread. A descriptor, or -errno. */
int alert_runner_start(const char *command, struct error *reterr);
/* `variables`: texts NAME=VALUE, each with a NUL behind it. False: it was dropped. */
bool alert_runner_run(int runner, struct span variables);
/* Nothing more comes: waits until all was run, for some seconds at most; what runs then runs on.
 * False: it does. The caller closes the descriptor. */
bool alert_runner_finish(int runner);

#endif
