/* SPDX-License-Identifier: MIT */
/* Where chunks come from: the kernel, a recording, later a proxy. One loop (run/loop.h) serves them
 * all; each lends it descriptors and passes its chunks to the function that it was opened with. */
#ifndef SPY_SOURCE_SOURCE_H
#define SPY_SOURCE_SOURCE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOURCE_POLLFDS 256

struct source;
struct source_ops {
	const char *name;
	/* Descriptors to poll for reading, at most `max`; returns how many there are. */
	size_t (*pollfds)(const struct source *s, struct pollfd *fds, size_t max);
	/* Passes on what is there, about `budget` bytes at most. 0; 1: the source is at its end; or
	 * -errno, also what the receiver of the chunks returned. */
	int (*service)(struct source *s, size_t budget);
	/* Nothing more is waited for: passes on what is left. 0 or -errno. */
	int (*finish)(struct source *s);
	uint64_t (*count)(const struct source *s); /* chunks so far */
};

/* The first member of every source. */
struct source {
	const struct source_ops *ops;
};

#endif
