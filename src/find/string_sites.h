/* SPDX-License-Identifier: MIT */
/* Functions of a program without symbols that can be told by one string each: the only function
 * that refers to it. Pure. */
#ifndef SPY_FIND_STRING_SITES_H
#define SPY_FIND_STRING_SITES_H

#include "find/code.h"

#define STRING_SITES_MAX 8

struct string_site {
	const char *string;
	bool needed;
	struct code_function f; /* code.len 0: not found */
	bool several;		/* other functions refer to the string too: it was inlined */
};

/* Fills in the functions of `count` strings, STRING_SITES_MAX at most. False if a string that is
 * needed is not in the file, or nothing refers to any. code_close accepts what failed. */
bool string_sites_open(struct code *c, const struct image *im, struct string_site *s, size_t count);
bool string_site_found(const struct string_site *s);
/* Whether the function is found and loads this number. */
bool string_site_loads(const struct code *c, const struct string_site *s, uint32_t number);

#endif
