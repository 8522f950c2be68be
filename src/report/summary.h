/* SPDX-License-Identifier: MIT */
/* What a run saw and what it could not see, for the person at the terminal. Pure: plain numbers and
 * names in, lines of text out. */
#ifndef SPY_REPORT_SUMMARY_H
#define SPY_REPORT_SUMMARY_H

#include "base/buf.h"
#include "base/limits.h"
#include "report/process_stats.h"
#include "report/totals.h"
#include "report/unseen.h"

/* A file with TLS that is worth a line of its own. */
struct report_file {
	bool hooked;
	const char *name;
	const char *found;   /* which implementations, when hooked */
	const char *problem; /* why not, or what not; NULL */
};

struct report_traffic {
	uint64_t conns, bytes, gaps, missing_bytes;
	uint64_t opaque_conns, opaque_bytes; /* that spoke no HTTP */
	uint64_t protocol_errors;	     /* HTTP whose framing broke */
};

/* All is borrowed; a zeroed member is left out. */
struct run_report {
	struct report_file *files;
	size_t nfiles;
	uint64_t files_hooked, files_more; /* all that are hooked; of them, without a line */
	const struct process_stats *processes;
	const struct unseen *unseen;
	struct report_traffic traffic;
	const uint64_t *counters;   /* the probe's, by enum spy_counter */
	uint64_t lost;		    /* events that the kernel had no room for */
	uint64_t unscanned, killed; /* files that could not be scanned; scans that were killed */
	const struct limits *limits;
	const struct totals *totals;
	const struct output_totals *outputs; /* `noutputs` of them */
	size_t noutputs;
	user_name_fn user_name;
	bool utf8; /* the terminal reads it */
};

void summary_write(struct buf *out, const struct run_report *r);
/* Who said how much, and who could not be seen; the first part of the summary. */
void summary_write_map(struct buf *out, const struct run_report *r);

#endif
