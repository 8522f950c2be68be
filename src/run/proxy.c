/* SPDX-License-Identifier: MIT */
#include "run/proxy.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "capture/filter.h"
#include "cost/price_file.h"
#include "options/exit_code.h"
#include "pipeline.h"
#include "run/by_signal.h"
#include "run/child.h"
#include "run/command.h"
#include "run/environment.h"
#include "run/alerts.h"
#include "run/key_secret.h"
#include "run/loop.h"
#include "run/outcome.h"
#include "run/past_proxy.h"
#include "run/proxy_command.h"
#include "run/proxy_listener.h"
#include "run/proxy_process.h"
#include "run/recording.h"
#include "run/redirected.h"
#include "run/report.h"
#include "sink/fanout.h"
#include "source/piped.h"

struct run {
	const struct options *o;
	struct limits limits;
	struct prices *prices;
	struct destination to;
	struct messages messages;
	struct fanout *fanout;
	struct run_alerts *alerts;
	struct key_secret secret;
	struct totals totals;
	struct recording recording;
	struct pipeline *pipeline;
	struct filter *filter;
	struct piped *piped;
	struct child command;
	char **environment;
	struct loop loop;
	char *dir; /* of the certificate authority */
	struct proxy_listener listener;
	struct proxy_process process;
	struct redirected redirected;
	struct past_proxy past;
	uint64_t begun_ns;
	bool failed, unheard;
	enum exit_code cannot;
};

static void tick(void *arg, uint64_t now)
{
	struct run *r = arg;

	pipeline_tick(r->pipeline, now);
	past_proxy_tick(&r->past, now);
	proxy_process_pass_news(&r->process);
}

static bool is_over(const void *arg)
{
	const struct run *r = arg;

	return r->recording.failed || !fanout_is_alive(r->fanout) || !fanout_has_reader(r->fanout);
}

static void show(void *arg)
{
	const struct run *r = arg;
	struct run_report report = report_gather(r->pipeline, &r->totals, &r->limits);

	report.duration_ns = now_ns() - r->begun_ns;
	report.unseen = &r->past.unseen;
	report_print_map(&report);
}

static const struct loop_ops loop_ops = { .tick = tick, .is_over = is_over, .show = show };

static int open_outputs(struct run *r, struct error *reterr)
{
	struct output_defaults defaults = options_output(r->o);
	int err = destination_choose(&r->to, r->o, false, reterr);

	if (!err)
		err = fanout_open(&r->fanout, r->to.outputs, r->to.count, r->o->format, &defaults,
				  reterr);
	if (!err && r->o->metrics)
		err = fanout_add(r->fanout, r->o->metrics, r->o->format, &defaults, reterr);
	if (!err && r->o->record)
		err = recording_open(&r->recording, r->o->record, r->o->force, reterr);
	if (!err)
		err = run_alerts_open(&r->alerts, r->o, reterr);
	return err;
}

static void make_pipeline(struct run *r)
{
	r->pipeline = report_begin(&(struct report_way){ .totals = &r->totals,
							 .fanout = r->fanout,
							 .prices = r->prices,
							 .limits = &r->limits,
							 .selection = &r->o->select,
							 .named = &r->o->named,
							 .alerts = r->alerts,
							 .secret = key_secret_read(&r->secret) });
	pipeline_observe(r->pipeline, &recording_observer, &r->recording);
	recording_before(&r->recording, pipeline_chunk, r->pipeline);
	r->filter = filter_new(&r->o->filter, recording_chunk, &r->recording);
}

static int find_command(struct run *r, struct error *reterr)
{
	AUTO_FREE char *url = r->o->transparent ? NULL : proxy_listener_url(&r->listener);

	r->environment = command_environment(r->o->command, reterr);
	if (!r->environment) {
		r->cannot = reterr->code == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN;
		return reterr->code;
	}
	proxy_command_environment(&r->environment, url, r->listener.address, r->listener.port,
				  r->dir);
	return 0;
}

static int start_command(struct run *r, struct error *reterr)
{
	struct child_options o = { .argv = r->o->command,
				   .environment = r->environment,
				   .errors_only = r->to.errors_only,
				   .said = -1 };

	return child_start(&r->command, &o, reterr);
}

static int start_proxy(struct run *r, struct error *reterr)
{
	const struct redirect *redirect = r->redirected.redirect;
	int fd = proxy_process_start(&r->process, r->o, r->dir, &r->listener,
				     redirect ? redirect_slots(redirect) : -1, reterr);

	if (fd < 0)
		return fd;
	r->piped = piped_open(fd, filter_chunk, r->filter);
	if (piped_begins(r->piped))
		return 0;
	proxy_process_pass_news(&r->process);
	return error_set(reterr, -ECHILD, "the proxy could not be started");
}

static int begin_redirecting(struct run *r, struct error *reterr)
{
	const struct redirected_to to = { .port = (uint16_t)r->listener.port,
					  .v6 = r->listener.has_v6,
					  .proxy = r->process.pid,
					  .command = r->command.pid };

	return redirected_begin(&r->redirected, r->o, &to, reterr);
}

static int start(struct run *r, struct error *reterr)
{
	int err;

	r->cannot = EXIT_CANNOT;
	if (proxy_process_check(reterr) != 0)
		return reterr->code;
	r->cannot = EXIT_FAILED;
	r->dir = proxy_process_dir();
	r->prices = price_file_open(r->o->prices, reterr);
	err = r->prices ? open_outputs(r, reterr) : reterr->code;
	if (r->prices && err == -EINVAL)
		r->cannot = EXIT_USAGE;
	if (err)
		return err;
	r->cannot = EXIT_CANNOT;
	make_pipeline(r);
	if (r->o->transparent)
		err = redirected_open(&r->redirected, reterr);
	if (!err)
		err = proxy_listener_open(&r->listener, r->o, reterr);
	if (!err && r->o->command)
		err = find_command(r, reterr);
	if (!err)
		err = start_proxy(r, reterr);
	if (!err && r->o->command)
		err = start_command(r, reterr);
	if (!err && r->o->transparent)
		err = begin_redirecting(r, reterr);
	if (!err)
		err = loop_init(&r->loop, reterr);
	if (!err)
		err = fanout_start(r->fanout, reterr);
	if (!err)
		err = run_alerts_start(r->alerts, reterr);
	return err;
}

static void say_ready(const struct run *r)
{
	AUTO_FREE char *url = proxy_listener_url(&r->listener);

	if (r->to.log)
		log_say("writing to %s (-o - shows it here)", r->to.log);
	if (r->o->command)
		return;
	if (r->o->transparent)
		log_say("ready: connections are led here while this runs; programs must trust "
			"%s/ca.pem",
			r->dir);
	else if (r->o->reverse)
		log_say("ready: %s passes all on to %s; use it as the base URL", url,
			r->o->reverse);
	else
		log_say("ready: use %s as the proxy, and trust %s/ca.pem", url, r->dir);
	if (!proxy_listener_is_local(&r->listener))
		log_say("whoever reaches %s can use this proxy", r->listener.address);
}

static void finish(struct run *r)
{
	struct output_totals *outputs;
	struct run_report report;

	proxy_process_pass_news(&r->process);
	piped_source(r->piped)->ops->finish(piped_source(r->piped));
	pipeline_finish(r->pipeline, now_ns());
	recording_close(&r->recording);
	if (r->o->metrics_wait && r->o->command)
		loop_wait(&r->loop);
	fanout_finish(r->fanout);
	run_alerts_finish(r->alerts);
	r->unheard = !fanout_has_reader(r->fanout) || r->recording.failed == -EPIPE;
	if (r->unheard)
		return;
	signal(SIGTTOU, SIG_IGN);
	report = report_gather(r->pipeline, &r->totals, &r->limits);
	past_proxy_finish(&r->past);
	report.unseen = &r->past.unseen;
	report.outputs = outputs = fanout_totals(r->fanout, &report.noutputs, &r->failed);
	report.duration_ns = now_ns() - r->begun_ns;
	if (child_never_ran(&r->command)) {
		destination_drop_log(&r->to);
		messages_release(&r->messages);
	} else {
		outcome_say(&(struct outcome){ r->o, &r->to, &r->messages }, &report);
	}
	free(outputs);
}

static void run_done(struct run *r)
{
	piped_free(r->piped);
	recording_close(&r->recording);
	pipeline_free(r->pipeline);
	run_alerts_free(r->alerts);
	filter_free(r->filter);
	fanout_free(r->fanout);
	totals_done(&r->totals);
	destination_done(&r->to);
	environment_free(r->environment);
	prices_free(r->prices);
	loop_done(&r->loop);
	redirected_done(&r->redirected);
	past_proxy_done(&r->past);
	proxy_listener_done(&r->listener);
	proxy_process_done(&r->process);
	free(r->dir);
}

static int exit_code(const struct run *r, int err)
{
	if (r->unheard)
		return by_signal_end(SIGPIPE);
	if (r->recording.failed)
		log_warn("proxy", "the recording %s is incomplete: %s", r->o->record,
			 strerror(-r->recording.failed));
	if (run_alerts_fail(r->alerts))
		return EXIT_ALERT;
	if (r->command.pid && r->command.exited)
		return child_exit_status(&r->command);
	return err || r->recording.failed || r->failed ? EXIT_FAILED : EXIT_FINE;
}

int proxy_run(const struct options *o, struct error *reterr)
{
	struct run r = { .o = o, .limits = o->limits, .listener = { -1, -1 }, .past = { .o = o } };
	int err, code;

	r.loop = (struct loop){ .ops = &loop_ops, .arg = &r, .command = &r.command, .signals = -1 };
	proxy_process_init(&r.process);
	err = start(&r, reterr);
	if (err) {
		destination_drop_log(&r.to);
		run_done(&r);
		return r.cannot;
	}
	r.past.port = r.listener.port;
	loop_hold_ends(true);
	r.begun_ns = now_ns();
	say_ready(&r);
	if (r.to.quiet)
		messages_hold(&r.messages, r.to.takes_notes ? r.fanout : NULL);
	if (o->command)
		child_release(&r.command);
	r.loop.source = piped_source(r.piped);
	err = loop_run(&r.loop);
	if (!err && !r.loop.stop && !r.loop.all_gone && !is_over(&r))
		err = error_set(reterr, -ECHILD, "the proxy ended by itself");
	if (r.loop.stop)
		child_settle(&r.command);
	finish(&r);
	code = exit_code(&r, err);
	run_done(&r);
	return code;
}
