/* SPDX-License-Identifier: MIT */
/* Sums over a run, whatever outputs there are: exchanges, bytes, and who spent how much. They count
 * what some output shows by its kind (--all) and the command line selects (--model). A call whose
 * two ends are traced counts once, for its client. */
#ifndef SPY_REPORT_TOTALS_H
#define SPY_REPORT_TOTALS_H

#include "exchange/observer.h"
#include "report/spend.h"
#include "select/select.h"

/* How often a rule of --alert was told. */
struct alert_count {
	char *rule;
	uint64_t count;
};
#define ALERT_COUNTS_MAX 64 /* rules; what more there are is only in the sum */

struct totals {
	enum show_mode mode;
	const struct select *selection; /* the command line's; NULL: all */
	uint64_t unselected;		/* left out by it, though of a kind that is shown */
	uint64_t exchanges, llm, incomplete, errors;
	uint64_t request_bytes, response_bytes;
	uint64_t first_ns, last_ns; /* of all that was captured; 0: nothing */
	uint64_t twice;		    /* seen at both ends of a connection, counted once */
	uint64_t passed_on;	    /* by a gateway, whose own call counts */
	uint64_t alerts;	    /* whatever is selected */
	struct alert_count alert_counts[ALERT_COUNTS_MAX];
	size_t nalert_counts;
	struct spend *spend;
};

/* What became of the records of one output. */
struct output_totals {
	char name[80];	   /* as it was asked for */
	uint64_t written;  /* records that are safe */
	uint64_t dropped;  /* records that found the queue full */
	uint64_t failed;   /* records that could not be written */
	char problem[200]; /* the last reason; "": none */
};

void totals_init(struct totals *t, enum show_mode mode, const struct select *selection);
void totals_done(struct totals *t);
/* Give it a struct totals * as arg. */
extern const struct observer totals_observer;

#endif
