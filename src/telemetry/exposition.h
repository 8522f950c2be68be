/* SPDX-License-Identifier: MIT */
/* Metrics as text, as Prometheus reads them: its text format 0.0.4, or OpenMetrics 1.0, which has
 * exemplars. */
#ifndef SPY_TELEMETRY_EXPOSITION_H
#define SPY_TELEMETRY_EXPOSITION_H

#include "telemetry/metrics.h"

enum exposition_format { EXPOSITION_PROMETHEUS, EXPOSITION_OPENMETRICS };

/* Appends; `out` is full where its ceiling was reached, and its text is no whole one then. */
void exposition_write(struct buf *out, const struct metrics *m, const struct health *h,
		      const char *version, enum exposition_format format);
/* For Content-Type. */
const char *exposition_type(enum exposition_format format);

#endif
