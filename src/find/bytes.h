/* SPDX-License-Identifier: MIT */
/* Little-endian numbers, as in the files and the code that finders read. */
#ifndef SPY_FIND_BYTES_H
#define SPY_FIND_BYTES_H

#include <stdint.h>

static inline uint32_t le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t le64(const uint8_t *p)
{
	return le32(p) | (uint64_t)le32(p + 4) << 32;
}

/* Sign-extends a number of `bits` bits in two's complement to 64 bits. */
static inline uint64_t sign_extend(uint64_t v, unsigned bits)
{
	uint64_t sign = (uint64_t)1 << (bits - 1);

	return ((v & (sign * 2 - 1)) ^ sign) - sign;
}

#endif
