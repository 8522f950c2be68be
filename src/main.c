/* SPDX-License-Identifier: MIT */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "capture/filter.h"
#include "config.h"
#include "cost/price_file.h"
#include "options/exit_code.h"
#include "options/options.h"
#include "pipeline.h"
#include "run/report.h"
#include "sink/fanout.h"
#include "source/replay.h"
#ifdef HAVE_BPF
#include "cli/cmd_doctor.h"
#include "cli/cmd_targets.h"
#include "demo/demo.h"
#include "run/tracer.h"
#endif

static void print_version(void)
{
	printf("llm-spy %s\nlive tracing: %s\ncontent codings: %s\n", PACKAGE_VERSION,
#ifdef HAVE_BPF
	       "yes",
#else
	       "no (configured with --disable-bpf)",
#endif
	       CODINGS_TEXT);
}

static int complain(const struct error *e, int code)
{
	log_say("%s", e->text);
	return code;
}

static int replay(const struct options *o)
{
	struct limits limits = o->limits;
	struct error e = { 0 };
	struct output_defaults defaults = options_output(o);
	struct fanout *fanout = NULL;
	struct run_report report;
	struct output_totals *outputs;
	struct totals totals;
	bool failed;
	struct prices *prices = price_file_open(o->prices, &e);
	struct pipeline *p;
	struct filter *f;
	int err;

	defaults.lossless = true;
	if (!prices ||
	    fanout_open(&fanout, o->outputs.items, o->outputs.count, o->format, &defaults, &e) !=
		    0 ||
	    fanout_start(fanout, &e) != 0) {
		prices_free(prices);
		fanout_free(fanout);
		return complain(&e, EXIT_FAILED);
	}
	totals_init(&totals, o->mode);
	p = pipeline_new(&limits);
	pipeline_observe(p, &totals_observer, &totals);
	pipeline_observe(p, &fanout_observer, fanout);
	pipeline_set_prices(p, prices);
	f = filter_new(&o->filter, pipeline_chunk, p);
	err = replay_file(o->replay, filter_chunk, f, &e);
	pipeline_finish(p, UINT64_MAX);
	fanout_finish(fanout);
	report = report_gather(p, &totals, &limits);
	report.outputs = outputs = fanout_totals(fanout, &report.noutputs, &failed);
	report_print(&report);
	filter_free(f);
	pipeline_free(p);
	prices_free(prices);
	fanout_free(fanout);
	free(outputs);
	totals_done(&totals);
	if (failed && !err)
		return EXIT_FAILED; /* the summary said why */
	return err ? complain(&e, EXIT_FAILED) : EXIT_FINE;
}

static int run(struct options *o)
{
	struct error e = { 0 };
	int code = EXIT_FINE;

	switch (o->action) {
	case ACTION_HELP:
		options_help(stdout);
		return EXIT_FINE;
	case ACTION_VERSION:
		print_version();
		return EXIT_FINE;
	case ACTION_REPLAY:
		return replay(o);
#ifdef HAVE_BPF
	case ACTION_DEMO:
		code = demo_run(o, &e);
		break;
	case ACTION_TRACE:
		code = tracer_run(o, &e);
		break;
	case ACTION_TARGETS:
		code = targets_run(o, &e);
		break;
	case ACTION_DOCTOR:
		return doctor_run();
#else
	case ACTION_TARGETS:
	case ACTION_DOCTOR:
	case ACTION_DEMO:
	case ACTION_TRACE:
		error_set(&e, -1,
			  "this llm-spy was built without live tracing (--disable-bpf) and can "
			  "only show recordings (--replay FILE)");
		code = EXIT_CANNOT;
		break;
#endif
	}
	return e.code ? complain(&e, code) : code;
}

int main(int argc, char **argv)
{
	struct options o;
	struct error e;
	int code;

	setlocale(LC_CTYPE, "");
	if (options_parse(&o, argc, argv, &e) != 0) {
		options_done(&o);
		return complain(&e, EXIT_USAGE);
	}
	log_debug_on = o.debug;
	code = run(&o);
	options_done(&o);
	return code;
}
