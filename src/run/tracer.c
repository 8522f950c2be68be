/* SPDX-License-Identifier: MIT */
#include "run/tracer.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <linux/types.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/urgent.h"
#include "base/xalloc.h"
#include "kernel/bpf.h"
#include "kernel/cpus.h"
#include "probe/compiler.h"
#include "probes/event.h"
#include "run/by_signal.h"
#include "run/command.h"
#include "run/environment.h"
#include "run/outcome.h"
#include "run/report.h"
#include "run/report_files.h"
#include "run/tracer_int.h"

/* ---- running ---- */

static void print_map(void *arg)
{
	const struct tracer *t = arg;
	struct run_report r = report_gather(t->pipeline, &t->totals, &t->limits);
	struct unseen notes = { 0 };

	discover_unseen(t->discover, &notes);
	r.unseen = &notes;
	r.duration_ns = now_ns() - t->begun_ns;
	report_print_map(&r);
	unseen_done(&notes);
}

static bool sees_all(const struct options *o)
{
	return !o->command && !o->comm && !filter_is_on(&o->filter);
}

/* For `llm-spy targets`. */
static void tell_status(struct tracer *t, uint64_t now)
{
	const struct process_stats *seen = pipeline_process_stats(t->pipeline);
	struct status s = { .all = sees_all(t->o) };

	if (!status_file_is_due(t->status, now))
		return;
	discover_unseen(t->discover, &s.notes);
	discover_hooked(t->discover, &s.hooked);
	s.rows = process_stats_rows(seen, &s.nrows);
	if (t->faces.store)
		live_store_set_unseen(t->faces.store, &s.notes);
	status_file_write(t->status, &s,
			  process_stats_changes(seen) + s.notes.changes + s.hooked.changes, now);
	unseen_done(&s.notes);
	tls_files_done(&s.hooked);
}

static void read_counters(const struct tracer *t, uint64_t *sums)
{
	size_t ncpus = cpus_possible();
	struct spy_counts *counts = xcalloc(ncpus, sizeof(*counts));
	uint32_t only = 0;

	memset(sums, 0, SPY_N_COUNTERS * sizeof(*sums));
	if (bpf_map_get(t->counters, &only, counts) == 0)
		for (size_t cpu = 0; cpu < ncpus; cpu++)
			for (size_t i = 0; i < SPY_N_COUNTERS; i++)
				sums[i] += counts[cpu].of[i];
	free(counts);
}

/* What is said while the hooks are taken out may be noticed and not captured. */
#define STOPPING_NS 100000000ull

static void on_uncarried(void *arg, const struct uncarried *u)
{
	struct tracer *t = arg;
	bool stopping = t->stopped_ns && u->moved_ns + STOPPING_NS > t->stopped_ns;

	if (t->discover && (!stopping || kill((pid_t)u->tgid, 0) != 0))
		discover_uncarried(t->discover, u);
}

/* How much was, since the start. */
static uint64_t note_lost(struct tracer *t, const uint64_t *counters)
{
	uint64_t lost = live_lost(t->live) + counters[SPY_N_NOSPACE];

	if (lost > t->lost)
		carried_lost(t->carried);
	t->lost = lost;
	return lost;
}

/* Said as soon as it happens, for the view cannot show it. */
static void tell_lost(struct tracer *t, uint64_t now)
{
	uint64_t counters[SPY_N_COUNTERS];

	if (!notices_are_due(&t->notices, now))
		return;
	read_counters(t, counters);
	notices_lost(&t->notices, note_lost(t, counters), now);
	health_tell(t);
}

static void tick(void *arg, uint64_t now)
{
	struct tracer *t = arg;

	pipeline_tick(t->pipeline, filter_tick(t->filter, now));
	tell_status(t, now);
	tell_lost(t, now);
	carried_settle(t->carried, now, false, on_uncarried, t);
	service_tick(&t->service, now);
}

static bool is_over(const void *arg)
{
	const struct tracer *t = arg;

	return t->recording.failed || !fanout_is_alive(t->fanout) ||
	       !fanout_has_reader(t->fanout) || faces_are_over(&t->faces);
}

static const struct loop_ops loop_ops = { .tick = tick, .is_over = is_over, .show = print_map };

/* ---- the end ---- */

/* Who is watched, for the first line of a run; the caller frees it. */
static char *first_word(struct tracer *t)
{
	struct buf text;
	size_t blind;

	buf_init(&text, 4096);
	buf_adds(&text, "ready: watching");
	if (sees_all(t->o)) {
		buf_addc(&text, ' ');
		blind = discover_watched(t->discover, &text);
		if (blind)
			buf_addf(&text, "; %zu cannot be seen - llm-spy targets", blind);
	}
	return buf_take(&text);
}

static void say_ready(const struct tracer *t, const char *first)
{
	if (t->to.log)
		log_say("writing to %s (-o - shows it here)", t->to.log);
	if (t->to.said)
		log_say("what %s says goes to %s", t->o->command[0], t->to.said);
	if (!t->o->command || t->o->debug)
		log_say("%s", first);
}

static void summarize(struct tracer *t, const uint64_t *counters)
{
	struct run_report r = report_gather(t->pipeline, &t->totals, &t->limits);
	struct output_totals *outputs = fanout_totals(t->fanout, &r.noutputs, &t->output_failed);
	struct unseen notes = { 0 };

	r.outputs = outputs;
	r.unscanned = t->scanned.failed;
	r.killed = t->scanned.killed;

	r.counters = counters;
	r.duration_ns = now_ns() - t->begun_ns;
	r.lost = live_lost(t->live);
	if (t->discover) {
		report_add_files(&r, discover_targets(t->discover), t->o->debug);
		discover_unseen(t->discover, &notes);
		r.unseen = &notes;
	}
	outcome_say(&(struct outcome){ t->o, &t->to, &t->messages }, &r);
	free(outputs);
	unseen_done(&notes);
	free(r.files);
}

/* Before the filter: what it leaves out was captured as well. */
static int on_chunk(void *arg, const struct chunk *c)
{
	struct tracer *t = arg;
	struct chunk late = *c;

	if (!carried_chunk(t->carried, c))
		return filter_chunk(t->filter, c);
	late.flags |= CHUNK_LATE;
	return filter_chunk(t->filter, &late);
}

static void debug_carried(const struct carried *c)
{
	struct carried_stats s = carried_stats(c);

	log_debug("attach",
		  "TLS noticed on %" PRIu64 " connections, data on %" PRIu64 "; captured %" PRIu64
		  " by their endpoints, %" PRIu64 " probably",
		  s.noticed, s.moved, s.same, s.likely);
}

static int finish(struct tracer *t, int err)
{
	uint64_t counters[SPY_N_COUNTERS];

	service_stopping(&t->service);
	/* First no more events, then what is still in the buffer. */
	attach_stop(t);
	if (!err)
		err = live_source(t->live)->ops->finish(live_source(t->live));
	if (!err)
		err = filter_finish(t->filter);
	if (!err)
		pipeline_finish(t->pipeline, now_ns());
	log_debug("capture", "the kernel's buffer had %llu events",
		  (unsigned long long)live_source(t->live)->ops->count(live_source(t->live)));
	read_counters(t, counters);
	note_lost(t, counters);
	carried_settle(t->carried, now_ns(), true, on_uncarried, t);
	debug_carried(t->carried);
	recording_close(&t->recording);
	health_tell(t);
	if (t->o->metrics_wait && t->o->command && !err)
		loop_wait(&t->loop);
	fanout_finish(t->fanout);
	run_alerts_finish(t->alerts);
	if (!err && !t->loop.stop && faces_finished(&t->faces, "the command has ended"))
		loop_wait(&t->loop);
	faces_close(&t->faces);
	t->unheard = !fanout_has_reader(t->fanout) || t->recording.failed == -EPIPE;
	if (t->unheard)
		return err;
	/* The command may have left the terminal to somebody else. */
	signal(SIGTTOU, SIG_IGN);
	if (!child_never_ran(&t->command)) {
		summarize(t, counters);
		return err;
	}
	destination_drop_log(&t->to);
	messages_release(&t->messages);
	return err;
}

static void tracer_done(struct tracer *t)
{
	attach_stop(t);
	discover_free(t->discover);
	scan_cache_close(t->files); /* until then who is blind is judged by it */
	hold_free(t->hold);
	live_free(t->live);
	probe_free(t->probe);
	if (t->compiler >= 0)
		close(t->compiler);
	recording_close(&t->recording);
	pipeline_free(t->pipeline);
	run_alerts_free(t->alerts);
	speakers_free(t->speakers);
	faces_close(&t->faces);
	fanout_free(t->fanout);
	faces_done(&t->faces);
	totals_done(&t->totals);
	destination_done(&t->to);
	environment_free(t->environment);
	prices_free(t->prices);
	filter_free(t->filter);
	carried_free(t->carried);
	status_file_close(t->status);
	service_close(&t->service);
	loop_done(&t->loop);
}

/* Each probe takes one or more. The command was started with what there was. */
static void raise_descriptors(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur == l.rlim_max)
		return;
	l.rlim_cur = l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
}

/* What views read is written by an output like others. */
static int open_store(struct tracer *t, const struct output_defaults *d, struct error *reterr)
{
	const struct live_store_config c = { .outputs = t->to.outputs,
					     .count = t->to.count,
					     .format = t->o->format,
					     .keep = t->o->keep,
					     .max_size = t->o->max_size,
					     .bodies = t->o->web != NULL };
	int err = faces_open_store(&t->faces, &c, reterr);
	const char *output = !err && t->faces.store ? live_store_output(t->faces.store) : NULL;

	return output ? fanout_add(t->fanout, output, t->o->format, d, reterr) : err;
}

/* Files are made before anything else, so that one that cannot be made is said at once. */
static int open_outputs(struct tracer *t, struct error *reterr)
{
	struct output_defaults defaults = options_output(t->o);
	int err;

	t->health = HEALTH_UNKNOWN;
	defaults.health = &t->health;
	err = destination_choose(&t->to, t->o, faces_take_terminal(&t->faces), reterr);
	if (!err)
		err = fanout_open(&t->fanout, t->to.outputs, t->to.count, t->o->format, &defaults,
				  reterr);
	if (!err)
		err = open_store(t, &defaults, reterr);
	if (!err && t->o->metrics)
		err = fanout_add(t->fanout, t->o->metrics, t->o->format, &defaults, reterr);
	if (!err && t->o->record)
		err = recording_open(&t->recording, t->o->record, t->o->force, reterr);
	if (!err)
		err = run_alerts_open(&t->alerts, t->o, reterr);
	t->cannot = err == -EINVAL ? EXIT_USAGE : err ? EXIT_FAILED : EXIT_CANNOT;
	return err;
}

static int find_command(struct tracer *t, struct error *reterr)
{
	t->environment = command_environment(t->o->command, reterr);
	if (!t->environment)
		t->cannot = reterr->code == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN;
	return t->environment ? 0 : reterr->code;
}

static int start_command(struct tracer *t, struct error *reterr)
{
	struct child_options o = { .argv = t->o->command,
				   .apart = t->hold != NULL,
				   .environment = t->environment,
				   .errors_only = t->to.errors_only,
				   .said = t->to.said_fd };

	return child_start(&t->command, &o, reterr);
}

/* What forks comes first, while there are no threads and little memory. */
static int start_processes(struct tracer *t, struct error *reterr)
{
	int err = 0;

	if (t->o->command)
		err = find_command(t, reterr);
	if (err)
		return err;
	t->compiler = compiler_start();
	if (t->compiler < 0)
		return error_set(reterr, t->compiler, "cannot start the probe compiler: %s",
				 strerror(-t->compiler));
	t->files = scan_cache_open(t->limits.max[LIMIT_files]);
	attach_open_hold(t);
	err = open_outputs(t, reterr);
	if (!err && t->o->command)
		err = start_command(t, reterr);
	if (err)
		return err;
	raise_descriptors();
	return 0;
}

static int start(struct tracer *t, struct error *reterr)
{
	struct live_maps maps;
	int err;

	t->cannot = EXIT_FAILED;
	t->prices = price_file_open(t->o->prices, reterr);
	if (!t->prices)
		return reterr->code;
	t->cannot = EXIT_CANNOT;
	err = start_processes(t, reterr);
	if (!err)
		err = loop_init(&t->loop, reterr);
	if (!err)
		err = fanout_start(t->fanout, reterr);
	if (!err)
		err = run_alerts_start(t->alerts, reterr);
	if (!err)
		err = attach_prepare(t, reterr);
	if (err)
		return err;
	t->pipeline = report_begin(&(struct report_way){ .totals = &t->totals,
							 .fanout = t->fanout,
							 .prices = t->prices,
							 .limits = &t->limits,
							 .selection = &t->o->select,
							 .named = &t->o->named,
							 .alerts = t->alerts,
							 .secret = key_secret_read(&t->secret) });
	pipeline_observe(t->pipeline, &recording_observer, &t->recording);
	if (t->faces.store)
		pipeline_observe(t->pipeline, &registry_observer,
				 live_store_registry(t->faces.store));
	recording_before(&t->recording, pipeline_chunk, t->pipeline);
	t->filter_options = t->o->filter;
	t->filter_options.ncgroups = 0; /* the kernel has compared them, whatever their names */
	t->carried = carried_new();
	t->filter = filter_new(&t->filter_options, recording_chunk, &t->recording);
	filter_await_descriptions(t->filter);
	maps = (struct live_maps){ .events = probe_map(t->probe, "spy_events"),
				   .conns = probe_map(t->probe, "spy_conns") };
	err = live_open(&t->live, t->ring, &maps, attach_buffer_bytes(t), on_chunk, t, reterr);
	if (!err)
		err = attach_all(t, reterr);
	if (!err && t->o->command) {
		uint32_t tgid = (uint32_t)t->command.pid;
		uint8_t one = 1;

		err = bpf_map_put(probe_map(t->probe, "spy_tree_tgids"), &tgid, &one);
		if (t->speakers)
			speakers_add(t->speakers, t->command.pid);
		if (err)
			error_set(reterr, err, "cannot trace the command: %s", strerror(-err));
	}
	return err;
}

/* Whether a process had TLS, or seemed to, that was not seen. */
static bool is_blind(const struct tracer *t)
{
	const struct target_list *l;
	struct unseen notes = { 0 };
	bool any;

	if (!t->discover)
		return true; /* who knows */
	if (discover_stats(t->discover).unjudged || t->scanned.ended || t->scanned.killed)
		return true;
	l = discover_targets(t->discover);
	for (size_t i = 0; i < l->count; i++)
		if (l->items[i].mapped && l->items[i].tls && !l->items[i].links.hooked &&
		    !l->items[i].changed)
			return true;
	discover_unseen(t->discover, &notes);
	any = notes.count > 0;
	unseen_done(&notes);
	return any;
}

static int exit_code(const struct tracer *t, int err, bool blind, bool alerted)
{
	if (t->unheard)
		return by_signal_end(SIGPIPE);
	if (err)
		log_warn("trace", "tracing stopped early: %s", strerror(-err));
	if (t->recording.failed)
		log_warn("trace", "the recording %s is incomplete: %s", t->o->record,
			 strerror(-t->recording.failed));
	if (t->o->strict && blind)
		return EXIT_BLIND;
	if (alerted)
		return EXIT_ALERT;
	if (t->command.pid && t->command.exited && !t->left)
		return child_exit_status(&t->command);
	return err || t->recording.failed || t->output_failed ? EXIT_FAILED : EXIT_FINE;
}

/* Who looked at its calls has left, and no terminal can reach it. */
static bool leave_command(struct tracer *t)
{
	t->left = t->command.pid && !t->command.exited && faces_are_over(&t->faces);
	if (t->left)
		kill(t->command.pid, SIGTERM);
	return t->left;
}

int tracer_run(const struct options *o, const struct face *const *faces, struct error *reterr)
{
	struct tracer t = { .o = o,
			    .limits = o->limits,
			    .compiler = -1,
			    .faces.list = faces,
			    .cannot = EXIT_CANNOT };
	AUTO_FREE char *first = NULL;
	bool blind, alerted;
	int err, code;

	t.loop = (struct loop){ .ops = &loop_ops, .arg = &t, .command = &t.command, .signals = -1 };
	t.service.fd = t.to.said_fd = -1;
	t.loop.screen = faces_take_keys(&t.faces);
	if (o->action == ACTION_DAEMON)
		service_open(&t.service);
	err = start(&t, reterr);
	loop_hold_ends(true);
	if (!err)
		first = first_word(&t);
	if (!err)
		err = attach_start_discovery(&t, reterr);
	if (!err)
		err = faces_open(&t.faces, o, reterr);
	if (err) {
		/* The command, still at its gate, ends with us. */
		destination_drop_log(&t.to);
		tracer_done(&t);
		return t.cannot;
	}
	t.begun_ns = now_ns();
	say_ready(&t, first);
	service_ready(&t.service);
	if (t.to.quiet)
		messages_hold(&t.messages, t.to.takes_notes ? t.fanout : NULL);
	err = faces_begin(&t.faces, reterr);
	if (o->command)
		child_release(&t.command);
	t.loop.source = live_source(t.live);
	urgent_thread(); /* what is not taken out of the kernel's buffer in time is lost */
	if (!err)
		err = loop_run(&t.loop);
	if (leave_command(&t) || t.loop.stop)
		child_settle(&t.command);
	err = finish(&t, err);
	blind = is_blind(&t);
	alerted = run_alerts_fail(t.alerts);
	tracer_done(&t);
	code = exit_code(&t, err, blind, alerted);
	return code;
}
