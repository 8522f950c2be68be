/* SPDX-License-Identifier: MIT */
/* What calls came to since the start, for a monitor that asks from time to time: counters and
 * histograms by provider, model, program and user. Label sets are bounded, since traced programs
 * choose their names: past the ceiling, calls of new ones are counted under `other`. Calls that
 * count in no sum (report/totals.h) are left out. */
#ifndef SPY_TELEMETRY_METRICS_H
#define SPY_TELEMETRY_METRICS_H

#include "exchange/exchange.h"
#include "telemetry/histogram.h"

#define METRICS_SETS	 500 /* label sets, unless told otherwise */
#define METRICS_SETS_MAX 10000

enum metric_label { LABEL_PROVIDER, LABEL_MODEL, LABEL_PROGRAM, LABEL_USER, LABELS };

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* How many of each metrics.def has. */
enum {
	METRIC_VALUES = 0
#define COUNTER(name, unit, help)
#define VALUE(label, value, amount) +1
#define HISTOGRAM(id, name, unit, bounds, help, amount)
#define STATE(type, name, unit, help, amount)
#include "telemetry/metrics.def"
#undef COUNTER
#undef VALUE
#undef HISTOGRAM
#undef STATE
};

enum metric_histogram {
#define COUNTER(name, unit, help)
#define VALUE(label, value, amount)
#define HISTOGRAM(id, name, unit, bounds, help, amount) METRIC_##id,
#define STATE(type, name, unit, help, amount)
#include "telemetry/metrics.def"
#undef COUNTER
#undef VALUE
#undef HISTOGRAM
#undef STATE
	METRIC_HISTOGRAMS
};

/* Of one label set. */
struct metric_set {
	char *labels[LABELS];
	uint64_t hash;
	double values[METRIC_VALUES];
	bool known[METRIC_VALUES]; /* whether anything was ever added */
	struct histogram histograms[METRIC_HISTOGRAMS];
};

struct metrics {
	struct metric_set **sets;
	size_t count, max;
	uint64_t merged; /* calls whose labels became `other` */
	struct answers *answers;
};

/* What the tracer says of itself; COUNT_UNKNOWN where it does not. The thread that assembles writes
 * it, others read it. */
struct health {
	int64_t missing_bytes, lost_events, blind; /* atomic */
	uint64_t merged;			   /* of struct metrics; not the tracer's */
};

#define HEALTH_UNKNOWN                                                                             \
	((struct health){ .missing_bytes = COUNT_UNKNOWN,                                          \
			  .lost_events = COUNT_UNKNOWN,                                            \
			  .blind = COUNT_UNKNOWN })

void health_set(int64_t *of, uint64_t value);
struct health health_read(const struct health *h); /* NULL: nothing is known */

struct metrics *metrics_new(size_t max_sets);
void metrics_free(struct metrics *m); /* accepts NULL */
void metrics_add(struct metrics *m, const struct exchange *x);

extern const struct bounds *const metric_bounds[METRIC_HISTOGRAMS];
extern const char *const metric_labels[LABELS];

#endif
