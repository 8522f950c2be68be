/* SPDX-License-Identifier: MIT */
/* Vtables of Rust's trait objects in a file: {drop, size, align, methods...}, words of data that
 * are pointers after relocation. Pure. Source of the layout: the Rust compiler, which guarantees
 * nothing. */
#ifndef SPY_FIND_VTABLES_H
#define SPY_FIND_VTABLES_H

#include "find/image.h"
#include "find/unwind.h"

#define VTABLE_SIZE    1 /* words of a vtable */
#define VTABLE_ALIGN   2
#define VTABLE_METHODS 3
#define VTABLE_WORDS   4 /* with one method */

#define VTABLES_REACH  20 /* words before and after a vtable within which others are searched */
#define VTABLES_WINDOW (2 * VTABLES_REACH + 2 * VTABLE_WORDS)
#define VTABLES_MAX    64

/* The words around a vtable, which begins at words[VTABLES_REACH]. */
struct vtable {
	uint64_t addr; /* of words[0] */
	uint64_t words[VTABLES_WINDOW];
	unsigned note; /* the caller's */
};

struct vtables {
	const struct image *im;
	const struct unwind *unwind;
	struct vtable list[VTABLES_MAX];
	size_t count;
};

/* Remembers the vtable at an address. Its words are right after vtables_relocate. */
void vtables_add(struct vtables *v, uint64_t addr, unsigned note);
void vtables_relocate(struct vtables *v);

/* Whether the words from `at` on begin the vtable of an object with data. */
bool vtable_at(const struct vtables *v, const struct vtable *t, size_t at);
/* Its number of methods, at most `max`; `at` as in vtable_at. */
size_t vtable_methods(const struct vtables *v, const struct vtable *t, size_t at, size_t max);

/* Calls fn for each vtable of an object that nothing is done for when it is dropped, with one
 * method at least, whose size is in [size_min, size_max] and whose alignment is `align`. */
typedef void (*vtable_fn)(void *arg, uint64_t addr);
void vtables_find(const struct image *im, uint64_t size_min, uint64_t size_max, uint64_t align,
		  vtable_fn fn, void *arg);

#endif
