/* SPDX-License-Identifier: MIT */
/* What a run saw and what it could not see, for the person at the terminal and, as JSON, for
 * programs. Nothing is said of what did not happen. Pure: plain numbers and names in, text out. */
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
	uint64_t duration_ns; /* of the run, or from the first call to the last one */
	bool utf8;	      /* who reads it reads that */
	unsigned width;	      /* columns; 0: 80 */
};

void summary_write(struct buf *out, const struct run_report *r);
/* The head line alone, as it stands between the rules: "6 calls, ... $0.0264". */
void summary_write_head(struct buf *out, const struct run_report *r);
/* The same as one line of JSON. */
void summary_write_json(struct buf *out, const struct run_report *r);
/* The summary so far, and the traffic of each process. */
void summary_write_map(struct buf *out, const struct run_report *r);

/* ---- what its files share ---- */

/* Names are the programs' own. Returns how many columns were written, at most `max`. */
unsigned summary_name(struct buf *out, const struct run_report *r, const char *name, unsigned max);
/* "name[pid]", or "name (3 processes)" where pid is 0. Returns the columns. */
unsigned summary_who(struct buf *out, const struct run_report *r, const char *program, uint32_t pid,
		     uint64_t processes);
/* The tables by model and by who (summary_tables.c). */
void summary_write_tables(struct buf *out, const struct run_report *r);

#endif
