/* SPDX-License-Identifier: MIT */
/* What is in flight, and the exchanges that ended last: the one thing that a view reads. An
 * observer on the thread that assembles; everything else may be called on any thread. */
#ifndef SPY_REPORT_REGISTRY_H
#define SPY_REPORT_REGISTRY_H

#include "exchange/observer.h"

/* Of the text of a call in flight its end is kept, between these many bytes: a screen of 160 by 60
 * has 9600 characters, and a thousand calls at once take 16 MB. It begins at the same place while
 * the text grows, but for when the upper ceiling is met. */
#define REGISTRY_TAIL	  8192
#define REGISTRY_TAIL_MAX 16384

/* One exchange. */
struct registry_row {
	struct exchange *x; /* frozen: as it was last read, with the request as far as that is
			     * known; the caller's reference */
	bool in_flight;
	/* In flight: what its stream brought so far. */
	uint64_t deltas, text_bytes;
	uint64_t changed_ns;	    /* CLOCK_MONOTONIC of its last event that has a time */
	struct usage usage;	    /* so far; raw is NULL */
	char *tail;		    /* the end of the text, whole characters; NULL: there is none */
	size_t tail_len, tail_size; /* bytes, and so many that there is room for */
};

struct registry;
/* `ended`: how many exchanges that have ended are kept; bytes: the ceiling of what these take. */
struct registry *registry_new(size_t ended, size_t bytes);
void registry_free(struct registry *r);		/* accepts NULL */
extern const struct observer registry_observer; /* give it a struct registry * as arg */

/* All rows in the order in which they began; registry_rows_free() takes them back. */
struct registry_row *registry_snapshot(struct registry *r, size_t *ret_count);
void registry_rows_free(struct registry_row *rows, size_t count);
/* The last characters of the tail, in at most so many bytes; NULL: there are none. */
const char *registry_row_end(const struct registry_row *row, size_t max);
/* Rises with each change: a view that has seen this number need not look again. */
uint64_t registry_changes(struct registry *r);

#endif
