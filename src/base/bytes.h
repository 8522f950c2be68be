/* SPDX-License-Identifier: MIT */
/* Eight bytes looked at at once. */
#ifndef SPY_BASE_BYTES_H
#define SPY_BASE_BYTES_H

#include <stdint.h>

/* A word with that byte at all its places. */
#define BYTES_OF(b) (0x0101010101010101ull * (b))
#define BYTES_HIGH  BYTES_OF(0x80)

/* The high bit of the lowest byte that is 0, and maybe of some above it; 0: none is. */
static inline uint64_t bytes_zero(uint64_t word)
{
	return (word - BYTES_OF(1)) & ~word & BYTES_HIGH;
}

#endif
