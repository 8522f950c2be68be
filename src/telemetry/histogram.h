/* SPDX-License-Identifier: MIT */
/* Counts of measured values by ceilings, as Prometheus and OpenTelemetry have them. */
#ifndef SPY_TELEMETRY_HISTOGRAM_H
#define SPY_TELEMETRY_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "telemetry/trace_context.h"

#define BOUNDS_MAX 16

/* Ceilings, ascending; a value that equals one belongs below it. */
struct bounds {
	size_t count;
	double le[BOUNDS_MAX];
};

/* The newest value of a bucket that belongs to a trace. */
struct exemplar {
	char trace[TRACE_ID_SIZE]; /* "": none */
	double value;
	int64_t wall_ns;
};

struct histogram {
	uint64_t count;
	double sum;
	uint64_t buckets[BOUNDS_MAX + 1]; /* each by itself; the last one is past all ceilings */
	struct exemplar exemplars[BOUNDS_MAX + 1];
};

/* `e` may be NULL. */
void histogram_add(struct histogram *h, const struct bounds *b, double value,
		   const struct exemplar *e);

#endif
