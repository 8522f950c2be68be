/* SPDX-License-Identifier: MIT */
/* Reads machine code without symbols and without a disassembler: which functions refer to a string,
 * which constants they load, which functions they call. A function begins where a direct call
 * leads. That is enough near a few strings and needs no unwind tables, which many programs lack;
 * with unwind tables, it also begins where a pointer in data leads. Pure. No single result is
 * proof: callers require several signs at once. */
#ifndef SPY_FIND_CODE_H
#define SPY_FIND_CODE_H

#include "find/image.h"
#include "find/unwind.h"

#define CODE_STRINGS_MAX  8
#define CODE_REFS_MAX	  2048
#define CODE_VICINITY	  (1u << 20) /* a library's functions are not that far apart */
#define CODE_FUNCTION_MAX 0x2000     /* bytes of one function that are inspected */

/* Addresses of NUL-terminated strings in read-only segments; in segments with code only if no other
 * segment has any. Each returns their number, at most CODE_STRINGS_MAX. */
size_t code_strings(const struct image *im, const char *exact, uint64_t *ret);
/* Finds strings with this end, whatever their beginning; the address is that of the beginning. The
 * character `more` may follow `end`. */
size_t code_strings_ending(const struct image *im, const char *end, char more, uint64_t *ret);

/* An instruction that loads the address of a string. */
struct code_ref {
	uint64_t at, to;
};

struct code_function {
	uint64_t addr;
	struct span code; /* empty: its beginning is unknown */
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
	uint64_t lo, hi;	/* range covered by `near` and `starts` */
	uint8_t *near, *starts; /* bit sets: pages near a ref; beginnings of functions */
};

/* Finds references to the strings, and the functions around them. False if there are none or more
 * than CODE_REFS_MAX, or if the machine is not supported. code_close accepts what failed. */
bool code_open(struct code *c, const struct image *im, const uint64_t *strings, size_t count);
/* Only the references in code within CODE_VICINITY of an address; functions are not found. */
bool code_open_near(struct code *c, const struct image *im, const uint64_t *strings, size_t count,
		    uint64_t addr);
void code_close(struct code *c);
/* The part of an executable segment within CODE_VICINITY of an address; false: none. */
bool code_vicinity(const struct image_segment *s, uint64_t addr, struct image_segment *ret);

/* The function that contains an address near a ref. */
struct code_function code_function(const struct code *c, uint64_t at);
/* Which of `values` it loads as constants: bit i for values[i], at most 32. */
unsigned code_constants(const struct code *c, const struct code_function *f, const uint32_t *values,
			size_t count);
/* Whether it calls, or jumps to, that address. */
bool code_calls(const struct code *c, const struct code_function *f, uint64_t addr);
/* The same of a function whose limits are known otherwise: `len` bytes from `begin`. */
bool code_range_calls(const struct image *im, uint64_t begin, uint64_t len, uint64_t addr);
bool code_range_loads(const struct image *im, uint64_t begin, uint64_t len, uint32_t value);
/* Whether it adds to or subtracts from memory outside its stack frame, or loads from such memory
 * and soon stores there. */
bool code_updates(const struct code *c, const struct code_function *f);

#endif
