/* SPDX-License-Identifier: MIT */
#include "report/latency.h"

#include <stddef.h>

#define PARTS_BITS 5

/* The number of the highest bit, and the bits below it. */
static size_t bucket_of(uint64_t ns)
{
	unsigned high;

	if (ns < LATENCY_PARTS)
		return (size_t)ns;
	high = 63 - (unsigned)__builtin_clzll(ns);
	return (high - PARTS_BITS + 1) * (size_t)LATENCY_PARTS +
	       (ns >> (high - PARTS_BITS) & (LATENCY_PARTS - 1));
}

/* The middle of what falls into the bucket. */
static uint64_t value_of(size_t bucket)
{
	unsigned shift = (unsigned)(bucket / LATENCY_PARTS);
	uint64_t low;

	if (!shift)
		return bucket;
	low = (LATENCY_PARTS + bucket % LATENCY_PARTS) << (shift - 1);
	return low + ((1ull << (shift - 1)) >> 1);
}

void latency_add(struct latency *l, uint64_t ns)
{
	l->count++;
	l->buckets[bucket_of(ns)]++;
	if (ns > l->max_ns)
		l->max_ns = ns;
}

void latency_join(struct latency *to, const struct latency *from)
{
	to->count += from->count;
	for (size_t i = 0; i < sizeof(to->buckets) / sizeof(*to->buckets); i++)
		to->buckets[i] += from->buckets[i];
	if (from->max_ns > to->max_ns)
		to->max_ns = from->max_ns;
}

uint64_t latency_percentile(const struct latency *l, unsigned percent)
{
	uint64_t seen = 0, want = (l->count * percent + 99) / 100;
	size_t i = 0;

	if (!l->count)
		return 0;
	while ((seen += l->buckets[i]) < want)
		i++;
	return value_of(i) < l->max_ns ? value_of(i) : l->max_ns;
}

uint64_t latency_median(const struct latency *l)
{
	return latency_percentile(l, 50);
}
