/* SPDX-License-Identifier: MIT */
/* What code.c asks of a kind of machine. */
#ifndef SPY_FIND_CODE_INT_H
#define SPY_FIND_CODE_INT_H

#include "find/bytes.h"
#include "find/code.h"

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
/* A direct call leads there. Not taken where the unwind tables know better, nor, where they know
 * nothing, at an address that is no multiple of `align`: a probe in the middle of an instruction
 * breaks the program. */
void code_add_start(struct code *c, uint64_t addr, uint64_t align);

#endif
