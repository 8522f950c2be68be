/* SPDX-License-Identifier: MIT */
/* Judges calls to models by rules, as they pass: when a request is known, which is before it is
 * answered, and again when it has ended. Each rule is told once of a conversation, or of a process
 * that has none; a budget once a day of whoever has spent it. What is told is on the record
 * (x->alerts) before any later observer sees it. Pure: it is given the time by the records. */
#ifndef SPY_ALERT_ALERTS_H
#define SPY_ALERT_ALERTS_H

#include "alert/rules.h"
#include "exchange/observer.h"

/* An alert is given; `a` and `x` are borrowed. */
typedef void (*alert_fn)(void *arg, const struct alert *a, const struct exchange *x);

struct alerting;
/* The rules outlive it. recorded: requests come from a recording, whose credentials are blanked. */
struct alerting *alerting_new(const struct rules *r, bool recorded, alert_fn fn, void *arg);
void alerting_free(struct alerting *a); /* accepts NULL */

/* What of a day came before this run: asked for once, when that day begins, which is from since_ns
 * on and before until_ns; since 1970. It answers by alerting_spent() and alerting_told(). */
typedef void (*alerting_past_fn)(void *arg, struct alerting *a, int64_t since_ns, int64_t until_ns);
void alerting_set_past(struct alerting *a, alerting_past_fn fn, void *arg);
/* The day of this moment begins, if none as late did; else it begins with its first call. */
void alerting_begin_day(struct alerting *a, int64_t now_ns);
/* By whoever has this name (alert/spent.h). */
void alerting_spent(struct alerting *a, enum budget_of of, const char *name, double usd);
/* The alerts of a record were told. To a new run a conversation that goes on is another one, so it
 * is known by what its client calls the session, and the place. Of a recording those of budgets
 * count alone: whoever reads it again wants to be told again. */
void alerting_told(struct alerting *a, const struct exchange *x);

/* Give both a struct alerting * as arg: the first sees requests before they are masked
 * (assemble/assembler.h), the second stands before observers that show records. */
void alerting_before_masks(void *alerting, struct exchange *x);
extern const struct observer alerting_observer;

#endif
