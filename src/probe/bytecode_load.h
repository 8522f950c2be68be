/* SPDX-License-Identifier: MIT */
/* Compiled programs become the kernel's: maps first, then programs, each in a thread of its own. */
#ifndef SPY_PROBE_BYTECODE_LOAD_H
#define SPY_PROBE_BYTECODE_LOAD_H

#include "probe/bytecode.h"
#include "probe/compiler.h"

/* Maps that other groups have made. */
struct given_maps {
	bool have; /* they came */
	struct compiler_maps maps;
	int fds[MAPS_MAX];
};

/* What was loaded: programs, then maps that were not given, as r->have and r->maps say. */
struct loaded {
	int fds[PROG_COUNT + MAPS_MAX];
	size_t count;
};

/* own[i]: a descriptor of map i that is there for it, else -1, and it is made; all of them if NULL.
 * 0; or -errno, then r->code and r->text say why, and what was made here is closed. */
int bytecode_load(const struct bytecode *b, const struct compiler_order *o,
		  const struct given_maps *given, const int *own, struct compiler_report *r,
		  struct loaded *ret);

#endif
