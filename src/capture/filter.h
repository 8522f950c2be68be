/* SPDX-License-Identifier: MIT */
/* Passes on only chunks of the selected processes, live or from a recording, before they are
 * recorded or parsed. Filters of the BPF programs are repeated here, for recordings. */
#ifndef SPY_CAPTURE_FILTER_H
#define SPY_CAPTURE_FILTER_H

#include <sys/types.h>

#include "capture/chunk.h"

struct filter_options {
	const pid_t *pids;
	size_t npids;
	const char *const *names; /* names of programs or threads */
	size_t nnames;
	bool has_uid;
	uint32_t uid;
};

struct filter;
/* `o` is borrowed until filter_free. */
struct filter *filter_new(const struct filter_options *o, chunk_fn next, void *arg);
void filter_free(struct filter *f);		       /* accepts NULL */
int filter_chunk(void *filter, const struct chunk *c); /* a chunk_fn */

#endif
