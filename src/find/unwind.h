/* SPDX-License-Identifier: MIT */
/* Where functions begin, from the unwind tables of an ELF file. The tables are exact, but many
 * programs have none for part of their code, or none at all. Pure. Source: Linux Standard Base Core
 * 5.0, section 10.6 (.eh_frame, .eh_frame_hdr). */
#ifndef SPY_FIND_UNWIND_H
#define SPY_FIND_UNWIND_H

#include "find/image.h"

struct unwind {
	const struct image *im;
	uint64_t base;	     /* address of the header, which entries are relative to */
	struct span entries; /* sorted by address; empty: no tables */
};

enum unwind_place { UNWIND_UNKNOWN, UNWIND_START, UNWIND_INSIDE };

void unwind_open(struct unwind *u, const struct image *im);
/* Whether a function begins at the address, or the address is inside one. */
enum unwind_place unwind_place(const struct unwind *u, uint64_t addr);
/* Where the function that begins at the address ends; 0: unknown. */
uint64_t unwind_end(const struct unwind *u, uint64_t addr);
/* Whether what begins at the address is entered by calls. Compilers set code that is seldom needed
 * apart (cold parts), with an entry of its own; there, the frame is set up already. */
bool unwind_is_entered(const struct unwind *u, uint64_t addr);

#endif
