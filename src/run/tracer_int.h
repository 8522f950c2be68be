/* SPDX-License-Identifier: MIT */
/* A live run, for the files that drive it: tracer.c from start to end, attach.c for what is hooked.
 */
#ifndef SPY_RUN_TRACER_INT_H
#define SPY_RUN_TRACER_INT_H

#include "cost/price_file.h"
#include "discover/discover.h"
#include "hold/hold.h"
#include "options/exit_code.h"
#include "options/options.h"
#include "pipeline.h"
#include "report/carried.h"
#include "report/status_file.h"
#include "report/totals.h"
#include "run/alerts.h"
#include "run/child.h"
#include "run/destination.h"
#include "run/faces.h"
#include "run/key_secret.h"
#include "run/loop.h"
#include "run/messages.h"
#include "run/notices.h"
#include "run/recording.h"
#include "run/service.h"
#include "run/speakers.h"
#include "sink/fanout.h"
#include "source/live.h"
#include "telemetry/metrics.h"

struct tracer {
	const struct options *o;
	struct limits limits;
	int compiler; /* compiler_start; -1: none, or the probe's */
	struct probe *probe;
	int counters; /* the probe's map */
	bool ring, multi;
	bool stdio;		   /* JSON-RPC over pipes is captured */
	struct speakers *speakers; /* NULL: it cannot be */
	struct links *hooks;
	struct hold *hold; /* NULL: programs are not held */
	struct scan_cache *files;
	struct discover_options discover_options;
	struct discover *discover;
	bool discovering;		 /* its thread runs */
	struct scan_cache_stats scanned; /* when all was over */
	struct live *live;
	struct filter_options filter_options;
	struct filter *filter;
	struct carried *carried;
	uint64_t lost;	     /* events, so far */
	uint64_t stopped_ns; /* when hooks began to be taken out; 0: not yet */
	struct destination to;
	struct messages messages;
	char **environment; /* the command's */
	struct recording recording;
	struct pipeline *pipeline;
	struct prices *prices;
	struct fanout *fanout;
	struct run_alerts *alerts;
	struct key_secret secret;
	struct totals totals;
	struct health health;
	struct child command;
	struct loop loop;
	struct status_file *status;
	struct service service;
	struct notices notices;
	struct faces faces;
	uint64_t begun_ns;  /* the first moment that events are kept of */
	bool output_failed; /* the summary says which and why */
	bool left;	    /* the command was told to end, since nobody looks at it any more */
	bool unheard;	    /* the reader of standard output has left */
	/* The exit code when what is being done at the start fails: files of prices, output and
	 * recording have the same one in a replay. */
	enum exit_code cannot;
};

/* Which kernel buffer; the compiler's work, as far as it is needed by now; and what the user named
 * is there. */
int attach_prepare(struct tracer *t, struct error *reterr);
size_t attach_buffer_bytes(const struct tracer *t);
/* Begins what holds new programs until they are hooked, while there is one thread. */
void attach_open_hold(struct tracer *t);
/* Hooks what runs. */
int attach_all(struct tracer *t, struct error *reterr);
/* The thread that hooks what comes. */
int attach_start_discovery(struct tracer *t, struct error *reterr);
/* Detaches all. What a thread that does not come back uses stays, for the kernel to clean up. */
void attach_stop(struct tracer *t);

/* Writes down for metrics, if there are any, what is lost and who is blind. */
void health_tell(struct tracer *t);

#endif
