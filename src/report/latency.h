/* SPDX-License-Identifier: MIT */
/* How long calls took: a median that is right within 2 %, in a fixed amount of memory. */
#ifndef SPY_REPORT_LATENCY_H
#define SPY_REPORT_LATENCY_H

#include <stdint.h>

/* Each doubling is divided into so many buckets. */
#define LATENCY_PARTS 32

struct latency {
	uint64_t count, max_ns;
	uint32_t buckets[64 * LATENCY_PARTS];
};

void latency_add(struct latency *l, uint64_t ns);
void latency_join(struct latency *to, const struct latency *from);
/* Below which so many of a hundred are; 0: there is none. */
uint64_t latency_percentile(const struct latency *l, unsigned percent);
uint64_t latency_median(const struct latency *l);

#endif
