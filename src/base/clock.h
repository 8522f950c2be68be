/* SPDX-License-Identifier: MIT */
/* The clock of the kernel's events, for code that runs live; parsers take the time as an
 * argument. */
#pragma once

#include <stdint.h>
#include <time.h>

/* Nanoseconds of CLOCK_MONOTONIC, as bpf_ktime_get_ns() counts them. */
static inline uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}
