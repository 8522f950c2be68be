/* SPDX-License-Identifier: MIT */
#include "cli/cmd_replay.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "capture/filter.h"
#include "cost/price_file.h"
#include "options/exit_code.h"
#include "pipeline.h"
#include "run/by_signal.h"
#include "run/alerts.h"
#include "run/loop.h"
#include "run/report.h"
#include "sink/fanout.h"
#include "source/replay.h"
#include "telemetry/metrics.h"

struct player {
	const struct options *o;
	struct limits limits;
	struct prices *prices;
	struct fanout *fanout;
	struct run_alerts *alerts;
	struct totals totals;
	struct health health;
	struct pipeline *pipeline;
	struct filter *filter;
	struct replay_file *file;
	struct child command; /* none */
	struct loop loop;
	bool misused; /* an output was asked for that cannot be */
	bool failed;  /* an output, as the summary says */
	bool unheard; /* the reader of standard output has left */
};

/* Time is that of the recording. */
static void tick(void *arg, uint64_t now_ns)
{
}

static bool is_over(const void *arg)
{
	const struct player *p = arg;

	return !fanout_is_alive(p->fanout) || !fanout_has_reader(p->fanout);
}

static void show(void *arg)
{
	const struct player *p = arg;
	struct run_report r = report_gather(p->pipeline, &p->totals, &p->limits);

	report_print_map(&r);
}

static const struct loop_ops loop_ops = { .tick = tick, .is_over = is_over, .show = show };

static int start(struct player *p, struct error *reterr)
{
	const struct options *o = p->o;
	static const char *const standard[] = { "-" };
	struct output_defaults defaults = options_output(o);
	bool named = o->outputs.count > 0;
	int err;

	p->health = HEALTH_UNKNOWN;
	defaults.health = &p->health;
	defaults.lossless = true;
	defaults.source = o->replay;
	p->prices = price_file_open(o->prices, reterr);
	if (!p->prices)
		return reterr->code;
	err = fanout_open(&p->fanout, named ? o->outputs.items : standard,
			  named ? o->outputs.count : 1, o->format, &defaults, reterr);
	if (!err && o->metrics)
		err = fanout_add(p->fanout, o->metrics, o->format, &defaults, reterr);
	p->misused = err == -EINVAL;
	if (!err)
		err = run_alerts_open(&p->alerts, o, reterr);
	if (!err)
		err = fanout_start(p->fanout, reterr);
	if (!err)
		err = run_alerts_start(p->alerts, reterr);
	if (err)
		return err;
	p->pipeline = report_begin(&(struct report_way){ .totals = &p->totals,
							 .fanout = p->fanout,
							 .prices = p->prices,
							 .limits = &p->limits,
							 .selection = &o->select,
							 .named = &o->named,
							 .alerts = p->alerts });
	pipeline_set_in_order(p->pipeline);
	p->filter = filter_new(&o->filter, pipeline_chunk, p->pipeline);
	err = replay_file_open(&p->file, o->replay, filter_chunk, p->filter, reterr);
	if (!err)
		err = loop_init(&p->loop, reterr);
	return err;
}

static uint64_t source_count(const struct player *p)
{
	return p->loop.source->ops->count(p->loop.source);
}

static void finish(struct player *p, bool summary)
{
	struct run_report r;
	struct output_totals *outputs;

	pipeline_finish(p->pipeline, pipeline_newest_ns(p->pipeline));
	health_set(&p->health.missing_bytes, pipeline_stats(p->pipeline).stream->missing_bytes);
	if (p->o->metrics_wait && summary)
		loop_wait(&p->loop);
	fanout_finish(p->fanout);
	run_alerts_finish(p->alerts);
	p->unheard = !fanout_has_reader(p->fanout);
	if (p->unheard)
		return;
	r = report_gather(p->pipeline, &p->totals, &p->limits);
	r.outputs = outputs = fanout_totals(p->fanout, &r.noutputs, &p->failed);
	if (summary)
		report_print(&r, p->o->summary);
	free(outputs);
}

/* Nothing is shown of a user whose name is mistyped, which must not look like no calls. The name
 * may be one of the recording's, so this is known at its end. */
static bool has_unknown_user(const struct player *p, struct error *reterr)
{
	const char *name = filter_unknown_user(p->filter);

	if (name)
		error_set(reterr, -EINVAL,
			  "--user %.60s: no user '%.60s' on this host (use a number for a "
			  "recording made elsewhere)",
			  name, name);
	return name != NULL;
}

static void player_done(struct player *p)
{
	loop_done(&p->loop);
	replay_file_free(p->file);
	filter_free(p->filter);
	pipeline_free(p->pipeline);
	run_alerts_free(p->alerts);
	fanout_free(p->fanout);
	totals_done(&p->totals);
	prices_free(p->prices);
}

int replay_run(const struct options *o, struct error *reterr)
{
	struct player p = { .o = o, .limits = o->limits };
	bool unknown = false, alerted;
	int err;

	p.loop = (struct loop){ .ops = &loop_ops, .arg = &p, .command = &p.command, .signals = -1 };
	err = start(&p, reterr);
	if (!err) {
		loop_hold_ends(true);
		p.loop.source = replay_file_source(p.file);
		err = loop_run(&p.loop);
		*reterr = *replay_file_error(p.file);
		unknown = has_unknown_user(&p, reterr);
		/* Of a file that is no recording there is nothing to sum up. */
		finish(&p, !unknown && (!err || source_count(&p)));
	}
	alerted = run_alerts_fail(p.alerts);
	player_done(&p);
	if (p.unheard)
		return by_signal_end(SIGPIPE);
	if (unknown || p.misused)
		return EXIT_USAGE;
	return err || p.failed ? EXIT_FAILED : alerted ? EXIT_ALERT : EXIT_FINE;
}
