/* SPDX-License-Identifier: MIT */
/* A library that few runs need, loaded by those: linked, it would cost every start some
 * milliseconds and megabytes, for what it needs in its turn. */
#ifndef SPY_BASE_LIBRARY_H
#define SPY_BASE_LIBRARY_H

#include <stddef.h>

#include "base/error.h"

/* A function and where its address goes. */
struct library_function {
	const char *name;
	void *address; /* of a pointer to a function */
};

/* Loads the library for good. 0, or what error_set gave. */
int library_load(const char *soname, const struct library_function *functions, size_t count,
		 struct error *reterr);

#endif
