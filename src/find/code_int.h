/* SPDX-License-Identifier: MIT */
/* What code.c needs from each kind of machine. */
#ifndef SPY_FIND_CODE_INT_H
#define SPY_FIND_CODE_INT_H

#include "find/bytes.h"
#include "find/code.h"

struct isa {
	unsigned machine;
	/* Calls code_add_ref and code_add_start for each hit in a segment. */
	void (*refs)(struct code *c, const struct image_segment *s);
	void (*starts)(struct code *c, const struct image_segment *s);
	bool (*constant)(struct span code, uint32_t value);
	bool (*calls)(struct span code, uint64_t addr, uint64_t to);
	bool (*updates)(struct span code);
};

extern const struct isa isa_x86_64, isa_aarch64;

/* False if there are too many. */
bool code_add_ref(struct code *c, uint64_t at, uint64_t to);
/* Whether `addr` is near a ref; functions elsewhere are not needed. */
bool code_is_near(const struct code *c, uint64_t addr);
/* Adds the target of a direct call. Rejects it if the unwind tables disagree or, where they have no
 * entry, if it is not a multiple of `align`: a probe in the middle of an instruction breaks the
 * program. */
void code_add_start(struct code *c, uint64_t addr, uint64_t align);
/* Adds the target of a direct jump, by which a function ends that passes its own caller on to
 * another one. Most jumps stay inside a function: the unwind tables have to know the target. */
void code_add_jumped_to(struct code *c, uint64_t addr, uint64_t align);

#endif
