/* SPDX-License-Identifier: MIT */
/* What of a day an archive knows, for the rules of --alert: so a new start does not begin a budget
 * at 0, and tells nothing twice. */
#ifndef SPY_RUN_ALERT_PAST_H
#define SPY_RUN_ALERT_PAST_H

#include "alert/alerts.h"
#include "options/options.h"

/* The first archive that the run writes to; the caller frees it. NULL: there is none. */
char *alert_past_archive(const struct options *o);
/* Tells it what began from since_ns on, before until_ns; or warns that it cannot be read. The
 * archive was opened for writing before. */
void alert_past_tell(const char *path, struct alerting *a, int64_t since_ns, int64_t until_ns);

#endif
