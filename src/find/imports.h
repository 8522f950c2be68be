/* SPDX-License-Identifier: MIT */
/* Where a file calls functions of other files: the stubs in its procedure linkage table. A probe
 * there is reached by the calls of this file alone, with what a function has at its entry. Only
 * x86-64; files that call without stubs (-fno-plt) have none. Source: System V ABI, AMD64
 * supplement, section 5.2. */
#ifndef SPY_FIND_IMPORTS_H
#define SPY_FIND_IMPORTS_H

#include "find/image.h"

struct import_site {
	const char *name;
	uint64_t addr; /* of the stub; 0: none, or more than one */
};

/* Fills in the addresses of `count` functions. */
void imports_find(const struct image *im, struct import_site *sites, size_t count);

#endif
