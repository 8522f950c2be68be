/* SPDX-License-Identifier: MIT */
/* Go's table of functions, which every Go program carries for its own tracebacks, stripped or not:
 * functions by name, and where each has its frame open. Pure; the file may be anybody's. Sources:
 * Go's src/runtime/symtab.go and src/internal/abi/symtab.go (as of Go 1.16 to 1.27), and "Go 1.2
 * Runtime Symbol Information" for the encoding of its inner tables. */
#ifndef SPY_FIND_PCLNTAB_H
#define SPY_FIND_PCLNTAB_H

#include "find/image.h"

struct pclntab {
	const struct image *im;
	struct span all; /* from its header to the end of its segment */
	bool absolute;	 /* Go 1.16, 1.17: functions have addresses there, not offsets */
	bool obfuscated; /* the header has a magic number that no Go has: that of garble */
	unsigned unit;	 /* bytes; instructions are at multiples of it */
	uint64_t count;	 /* functions */
	uint64_t text;	 /* address that offsets of functions are relative to */
	uint64_t names, names_end, pctab, funcs; /* offsets in `all`, none past its end */
};

struct go_function {
	const char *name; /* the name to look for */
	uint64_t addr;	  /* 0: not found */
	uint64_t end;	  /* address past its last byte, which is in the file too */
	uint32_t args;	  /* bytes on the stack for arguments, results, places to spill */
	uint64_t pcsp;	  /* offset in `all` of the table of frame sizes */
};

/* Calls fn for each candidate table until it returns true. Returns whether it did. */
typedef bool (*pclntab_fn)(void *arg, const struct pclntab *t);
bool pclntab_each(const struct image *im, pclntab_fn fn, void *arg);

/* What stands before `end` in the names of functions that end so, at most `max` of them; borrowed
 * from the file. */
size_t pclntab_prefixes(const struct pclntab *t, const char *end, struct span *ret, size_t max);

/* Fills in those of `count` functions that exist. */
void pclntab_functions(const struct pclntab *t, struct go_function *f, size_t count);

/* Offsets from its entry at which a function's frame is closed: it returns there, or calls for a
 * larger stack. Returns their number, at most `max`; 0 if there are more or the table is invalid,
 * because some of them are no better than none. */
size_t pclntab_closed(const struct pclntab *t, const struct go_function *f, uint64_t *ret,
		      size_t max);

#endif
