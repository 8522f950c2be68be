/* SPDX-License-Identifier: MIT */
#include "telemetry/histogram.h"

void histogram_add(struct histogram *h, const struct bounds *b, double value,
		   const struct exemplar *e)
{
	size_t i = 0;

	while (i < b->count && value > b->le[i])
		i++;
	h->count++;
	h->sum += value;
	h->buckets[i]++;
	if (!e || !e->trace[0])
		return;
	h->exemplars[i] = *e;
	h->exemplars[i].value = value;
}
