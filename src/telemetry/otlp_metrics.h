/* SPDX-License-Identifier: MIT */
/* Histograms of calls to models as OTLP has them, cumulative since the start: tokens, duration,
 * time to first chunk. Sets of attributes are bounded; calls of further ones share one that says
 * otel.metric.overflow. Calls that count in no sum are left out. */
#ifndef SPY_TELEMETRY_OTLP_METRICS_H
#define SPY_TELEMETRY_OTLP_METRICS_H

#include "telemetry/otlp_span.h"

struct otlp_metrics;
struct otlp_metrics *otlp_metrics_new(const struct otlp_options *o);
void otlp_metrics_free(struct otlp_metrics *m); /* accepts NULL */
void otlp_metrics_add(struct otlp_metrics *m, const struct exchange *x);
/* All, where something was added since the last time: each metric, borrowed, with the text of its
 * resource. */
typedef void (*otlp_metrics_fn)(void *arg, const char *resource, const json_t *metric);
void otlp_metrics_take(struct otlp_metrics *m, uint64_t start_ns, uint64_t now_ns,
		       otlp_metrics_fn add, void *arg);

#endif
