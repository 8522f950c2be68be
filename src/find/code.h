/* SPDX-License-Identifier: MIT */
/* Machine code without symbols, read by its bytes and without a disassembler: which functions refer
 * to a string, which constants they load, whom they call. A function begins where a direct call
 * leads: that is enough near a few strings, and needs no unwind tables, which many programs leave
 * out; with them, also where a pointer in data leads. Pure. Nothing here is path_is_proof: who uses
 * it asks for several signs at once. */
#ifndef SPY_FIND_CODE_H
#define SPY_FIND_CODE_H

#include "find/image.h"
#include "find/unwind.h"

#define CODE_STRINGS_MAX  8
#define CODE_REFS_MAX	  2048
#define CODE_FUNCTION_MAX 0x2000 /* bytes of one function that are looked at */

/* Addresses of NUL-terminated strings in segments that are not written to; in those with code, only
 * where no other has any. Each returns how many, CODE_STRINGS_MAX at most. */
size_t code_strings(const struct image *im, const char *exact, uint64_t *ret);
/* The address is that of the whole string, however it begins. `more` may follow `end`. */
size_t code_strings_ending(const struct image *im, const char *end, char more, uint64_t *ret);

/* One instruction that loads the address of a string. */
struct code_ref {
	uint64_t at, to;
};

struct code_function {
	uint64_t addr;
	struct span code; /* empty: not known where it begins */
};

struct isa;
struct code {
	const struct image *im;
	const struct isa *isa;
	struct unwind unwind;
	uint64_t strings[CODE_STRINGS_MAX];
	size_t nstrings;
	struct code_ref *refs; /* sorted by at */
	size_t nrefs;
	uint64_t lo, hi;	/* what `near` and `starts` tell of */
	uint8_t *near, *starts; /* bits: pages close to a ref; beginnings of functions */
};

/* Finds what refers to the strings, and the functions around. False when nothing does, when more
 * than CODE_REFS_MAX places do, or for another kind of machine. code_close accepts what failed. */
bool code_open(struct code *c, const struct image *im, const uint64_t *strings, size_t count);
void code_close(struct code *c);

/* The function that holds an address close to a ref. */
struct code_function code_function(const struct code *c, uint64_t at);
/* Which of `values` it loads as constants: bit i for values[i], 32 at most. */
unsigned code_constants(const struct code *c, const struct code_function *f, const uint32_t *values,
			size_t count);
/* Whether it calls, or jumps to, that address. */
bool code_calls(const struct code *c, const struct code_function *f, uint64_t addr);
/* Whether it adds to, or subtracts from, what stands in memory other than its stack frame; arm64:
 * loads, and soon stores there. */
bool code_updates(const struct code *c, const struct code_function *f);

#endif
