/* SPDX-License-Identifier: MIT */
/* What a running tracer tells others of what it has seen, as JSON. Pure. */
#ifndef SPY_REPORT_STATUS_H
#define SPY_REPORT_STATUS_H

#include "report/process_stats.h"
#include "report/tls_files.h"
#include "report/unseen.h"

/* Room for all of it where each byte has to be escaped. */
#define STATUS_BYTES_MAX (5u << 20)
/* The processes that spoke last; further ones are left out. */
#define STATUS_ROWS_MAX 256
/* What runs comes last, and may be left out: who asks sees for himself. */
#define STATUS_NOTES_MAX (UNSEEN_FILES_MAX + UNSEEN_ENDED_MAX)
#define STATUS_TEXT_LEN	 512 /* of a note */

struct status {
	uint64_t started; /* of the tracer, as of proc_started() */
	bool all;	  /* no process is left out */
	bool more;	  /* but some that spoke have no row of their own */
	const struct process_row *rows;
	size_t nrows;
	struct unseen notes;
	struct tls_files hooked;
};

/* Appends; texts that are too long are cut. -ENOBUFS when it does not fit. */
int status_encode(const struct status *s, struct buf *out);
/* -EPROTO, and ret is empty, unless all of it is as it should be. */
int status_decode(struct span in, struct status *ret);
void status_done(struct status *s); /* of what was decoded */

#endif
