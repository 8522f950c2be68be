/* SPDX-License-Identifier: MIT */
/* Where in a function the kernel accepts a probe. Pure. Source: is_prefix_bad() in Linux's
 * arch/x86/kernel/uprobes.c. */
#ifndef SPY_FIND_PLACE_H
#define SPY_FIND_PLACE_H

#include "find/image.h"

/* The address itself, or one past what does nothing at it: the first that the kernel accepts, with
 * registers and stack as at the address. 0: there is none. */
uint64_t place_of(const struct image *im, uint64_t addr);

#endif
