/* SPDX-License-Identifier: MIT */
/* Where a live run writes: outputs and messages leave the terminal to a command that uses it. */
#ifndef SPY_RUN_DESTINATION_H
#define SPY_RUN_DESTINATION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct options;

struct destination {
	const char *const *outputs; /* for fanout_open() */
	size_t count;
	char *log;	  /* the file of our own choice, which is the one output; NULL */
	bool takes_notes; /* the log: it is text for people, so messages can stand in it */
	bool errors_only; /* we write to standard output: what the command writes there goes to
			   * standard error */
	bool quiet;	  /* the terminal is the command's: nothing appears on it meanwhile */
	bool brief;	  /* the summary is one line */
	const char *one;  /* what `outputs` points to when nobody named any */
	char *said;	  /* the file that the command writes to, since a screen of ours has the
			   * terminal; NULL: none */
	int said_fd;	  /* -1 */
};

/* Makes the log if there is to be one. `taken`: a screen of ours has the terminal. 0, or -errno
 * with reterr filled. destination_done() in any case. */
int destination_choose(struct destination *d, const struct options *o, bool taken,
		       struct error *reterr);
/* Nothing was written to the log that is worth to be kept. */
void destination_drop_log(struct destination *d);
void destination_done(struct destination *d);

#endif
