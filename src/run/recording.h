/* SPDX-License-Identifier: MIT */
/* A tee: what passes is recorded, if it is to be, and passed on. */
#ifndef SPY_RUN_RECORDING_H
#define SPY_RUN_RECORDING_H

#include <stdbool.h>

#include "base/error.h"
#include "capture/chunk.h"

struct recorder;

struct recording {
	struct recorder *file; /* NULL: nothing is recorded */
	int failed;	       /* the first error */
	chunk_fn next;
	void *next_arg;
};

int recording_open(struct recording *r, const char *path, bool force, struct error *reterr);
void recording_before(struct recording *r, chunk_fn next, void *next_arg);
/* A chunk_fn; give it a struct recording * as arg. An error of the recording does not stop what
 * follows. */
int recording_chunk(void *recording, const struct chunk *c);
void recording_close(struct recording *r); /* again does nothing */

#endif
