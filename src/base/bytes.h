/* SPDX-License-Identifier: MIT */
/* Eight bytes looked at at once. */
#ifndef SPY_BASE_BYTES_H
#define SPY_BASE_BYTES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* A word with that byte at all its places. */
#define BYTES_OF(b) (0x0101010101010101ull * (b))
#define BYTES_HIGH  BYTES_OF(0x80)

/* The high bit of the lowest byte that is 0, and maybe of some above it; 0: none is. */
static inline uint64_t bytes_zero(uint64_t word)
{
	return (word - BYTES_OF(1)) & ~word & BYTES_HIGH;
}

/* The first of eight bytes is the lowest of the word. */
static inline uint64_t bytes_word(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return le64toh(word);
}

/* How many bytes are below the lowest that has a bit in `marks`; 8: none has. */
static inline unsigned bytes_before(uint64_t marks)
{
	return marks ? (unsigned)__builtin_ctzll(marks) / 8 : 8;
}

/* How many bytes, from the lowest on, are decimal digits. */
static inline unsigned bytes_digits(uint64_t word)
{
	uint64_t high = BYTES_OF(0xf0), digit = BYTES_OF('0');

	/* A digit begins with 3 in hex, and so does the sum of it and 6. What is carried comes from
	 * a byte that is none, and spoils only those above it. */
	return bytes_before(((word & high) ^ digit) | (((word + BYTES_OF(6)) & high) ^ digit));
}

/* The number whose digits the lowest `n` bytes are, the first one the lowest; n is 1 to 8. */
static inline uint64_t bytes_number(uint64_t word, unsigned n)
{
	/* With zeroes before it there are eight digits, which become pairs, and fours, and one. */
	word = (word ^ BYTES_OF('0')) << (64 - 8 * n);
	word = word * 10 + (word >> 8);
	return ((word & 0xff000000ff) * (100 + (1000000ull << 32)) +
		(word >> 16 & 0xff000000ff) * (1 + (10000ull << 32))) >>
	       32;
}

#endif
