/* SPDX-License-Identifier: MIT */
/* A tee: what passes is recorded, if it is to be, and passed on. */
#ifndef SPY_RUN_RECORDING_H
#define SPY_RUN_RECORDING_H

#include <stdbool.h>

#include "base/error.h"
#include "capture/chunk.h"
#include "exchange/observer.h"

struct recorder;

struct recording {
	struct recorder *file; /* NULL: nothing is recorded */
	int failed;	       /* the first error */
	uint64_t newest_ns;    /* of its chunks */
	chunk_fn next;
	void *next_arg;
};

int recording_open(struct recording *r, const char *path, bool force, struct error *reterr);
void recording_before(struct recording *r, chunk_fn next, void *next_arg);
/* A chunk_fn; give it a struct recording * as arg. An error of the recording does not stop what
 * follows. */
int recording_chunk(void *recording, const struct chunk *c);
/* Keys are blanked in it: what tells them apart is added to it. Give it a struct recording * as
 * arg. */
extern const struct observer recording_observer;
void recording_close(struct recording *r); /* again does nothing */

#endif
