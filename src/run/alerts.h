/* SPDX-License-Identifier: MIT */
/* What is done about an alert: a line on standard error, a command, a webhook. */
#ifndef SPY_RUN_ALERTS_H
#define SPY_RUN_ALERTS_H

#include "options/options.h"
#include "pipeline.h"

struct run_alerts;
/* While there is one thread. *ret is NULL where no rule was given. */
int run_alerts_open(struct run_alerts **ret, const struct options *o, struct error *reterr);
int run_alerts_start(struct run_alerts *a, struct error *reterr); /* threads; accepts NULL */
/* What sees records before they are masked, and who observes them then; accept NULL. */
void run_alerts_before_masks(struct run_alerts *a, struct before_masks *ret);
void run_alerts_observe(struct run_alerts *a, struct pipeline *p);
/* Has sent what can be sent, and says what could not; accepts NULL. */
void run_alerts_finish(struct run_alerts *a);
/* Whether --alert-exit asks for an exit code of its own; accepts NULL. */
bool run_alerts_fail(const struct run_alerts *a);
void run_alerts_free(struct run_alerts *a);

#endif
