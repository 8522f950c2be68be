/* SPDX-License-Identifier: MIT */
/* Lets only the chosen processes' chunks through, live or from a recording, before they are
 * recorded or read. What the probe filters already is filtered here as well, for recordings. */
#ifndef SPY_CAPTURE_FILTER_H
#define SPY_CAPTURE_FILTER_H

#include <sys/types.h>

#include "capture/chunk.h"

struct filter_options {
	const pid_t *pids;
	size_t npids;
	const char *const *names; /* of programs or threads */
	size_t nnames;
	bool has_uid;
	uint32_t uid;
};

struct filter;
/* `o` is borrowed for the filter's life. */
struct filter *filter_new(const struct filter_options *o, chunk_fn next, void *arg);
void filter_free(struct filter *f);		       /* accepts NULL */
int filter_chunk(void *filter, const struct chunk *c); /* a chunk_fn */

#endif
