/* SPDX-License-Identifier: MIT */
/* What code.c asks of a kind of machine. */
#ifndef SPY_ATTACH_CODE_INT_H
#define SPY_ATTACH_CODE_INT_H

#include "attach/code.h"

struct isa {
	unsigned machine;
	/* Calls code_add_ref and code_add_start for what a segment holds. */
	void (*refs)(struct code *c, const struct image_segment *s);
	void (*starts)(struct code *c, const struct image_segment *s);
	bool (*constant)(struct span code, uint32_t value);
	bool (*calls)(struct span code, uint64_t addr, uint64_t to);
	bool (*updates)(struct span code);
};

extern const struct isa isa_x86_64, isa_aarch64;

/* False when there are too many already. */
bool code_add_ref(struct code *c, uint64_t at, uint64_t to);
/* Whether `addr` is close to a ref: else nobody asks for the functions there. */
bool code_is_near(const struct code *c, uint64_t addr);
void code_add_start(struct code *c, uint64_t addr); /* code_is_near(addr) */

static inline uint32_t le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* A displacement of `bits` bits, two's complement. */
static inline uint64_t sign_extend(uint64_t v, unsigned bits)
{
	uint64_t sign = (uint64_t)1 << (bits - 1);

	return ((v & (sign * 2 - 1)) ^ sign) - sign;
}

#endif
