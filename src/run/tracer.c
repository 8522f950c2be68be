/* SPDX-License-Identifier: MIT */
#include "run/tracer.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <linux/types.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "capture/filter.h"
#include "cost/price_file.h"
#include "discover/discover.h"
#include "kernel/bpf.h"
#include "kernel/cpus.h"
#include "kernel/features.h"
#include "options/exit_code.h"
#include "pipeline.h"
#include "probe/compiler.h"
#include "probe/kernel_filter.h"
#include "probes/event.h"
#include "report/status_file.h"
#include "run/child.h"
#include "run/command.h"
#include "run/destination.h"
#include "run/environment.h"
#include "run/loop.h"
#include "run/messages.h"
#include "run/report.h"
#include "run/report_files.h"
#include "run/result.h"
#include "sink/fanout.h"
#include "source/live.h"
#include "source/record.h"

#define RING_BYTES (16u << 20)
/* Perf buffers can't lend each other room, and the whole load of one busy client may meet a single
 * processor: each gets an equal part of this, within the bounds. */
#define PERF_TOTAL (64u << 20)
#define PERF_MIN   (1u << 20)
#define PERF_MAX   (16u << 20)

struct tracer {
	const struct options *o;
	struct limits limits;
	int compiler; /* compiler_start; -1: none, or the probe's */
	struct probe *probe;
	int counters; /* the probe's map */
	bool ring, multi;
	struct links *hooks;
	struct scan_cache *files;
	struct discover_options discover_options;
	struct discover *discover;
	bool discovering;		 /* its thread runs */
	struct scan_cache_stats scanned; /* when all was over */
	struct live *live;
	struct filter *filter;
	struct destination to;
	struct messages messages;
	char **environment; /* the command's */
	struct recorder *record;
	struct pipeline *pipeline;
	struct prices *prices;
	struct fanout *fanout;
	struct totals totals;
	struct child command;
	struct loop loop;
	struct status_file *status;
	int failed;	    /* first error of the recorder */
	bool output_failed; /* the summary says which and why */
	/* The exit code when what is being done at the start fails: files of prices, output and
	 * recording have the same one in a replay. */
	enum exit_code cannot;
};

/* ---- start ---- */

static int choose_buffer(struct tracer *t, struct error *reterr)
{
	bool can = kernel_can_ring_buffer();

	if (t->o->buffer == BUFFER_RING && !can)
		return error_set(reterr, -ENOTSUP,
				 "the kernel has no BPF ring buffer (Linux 5.8 or later) or "
				 "refuses it; try --buffer=perf");
	t->ring = can && t->o->buffer != BUFFER_PERF;
	return 0;
}

static size_t perf_bytes(void)
{
	size_t each = PERF_TOTAL / cpus_possible();

	return each < PERF_MIN ? PERF_MIN : each > PERF_MAX ? PERF_MAX : each;
}

static size_t buffer_bytes(const struct tracer *t)
{
	size_t want = t->o->buffer_size ? t->o->buffer_size : t->ring ? RING_BYTES : perf_bytes();
	size_t bytes = 64 << 10; /* the smallest that holds an event of full size */

	while (bytes < want && bytes < (1u << 30))
		bytes <<= 1;
	return bytes;
}

static int open_probe(struct tracer *t, struct error *reterr)
{
	const char *headers = t->o->kernel_headers;
	AUTO_FREE char *skip = NULL;
	struct probe_config c = {
		.headers = strcmp(headers, "auto") == 0	     ? HEADERS_AUTO
			   : strcmp(headers, "builtin") == 0 ? HEADERS_BUILTIN
							     : HEADERS_DIR,
		.headers_dir = headers,
		.ring_bytes = buffer_bytes(t),
		.call_max = t->o->call_limit,
		.conns = t->limits.max[LIMIT_connections],
		.tree = t->o->command != NULL,
		.need_cgroup = t->o->cgroup != NULL,
		.need_comm = t->o->comm != NULL,
		.peers = !t->o->no_peer,
		.plain_ports = t->o->plain,
		.plain_near = t->o->plain_near,
		.sock_length = kernel_can_sock_length(),
	};
	int err = kernel_filter_expression(&(struct kernel_filter){ .filter = &t->o->filter,
								    .comm = t->o->comm,
								    .cgroup = t->o->cgroup },
					   &skip, reterr);

	if (err)
		return err;
	/* A process filter keeps the others at full speed only with single probes. */
	t->multi = t->o->filter.npids == 0 && kernel_can_multi();
	c.ring_buffer = t->ring;
	c.multi = t->multi;
	c.skip = skip;
	log_debug("attach", "%s buffer of %zu KiB; %s", t->ring ? "ring" : "perf",
		  c.ring_bytes / 1024, t->multi ? "uprobe_multi" : "one perf event for each probe");
	err = probe_open(&t->probe, &c, t->compiler, reterr);
	t->compiler = -1;
	return err;
}

/* What is there is looked at while the compiler works, and so is known what else it has to compile.
 */
static int compile(struct tracer *t, struct error *reterr)
{
	uint64_t begin = now_ns();
	struct scan_cache_stats s;
	int err = open_probe(t, reterr);

	if (err)
		return err;
	probe_begin(t->probe, GROUP_CORE);
	t->hooks = links_new(t->probe, t->multi, t->o->filter.pids, t->o->filter.npids);
	t->discover_options =
		(struct discover_options){ .filter = &t->o->filter,
					   .command = t->o->command,
					   .named = t->o->libssl.items,
					   .nnamed = t->o->libssl.count,
					   .recent_execs_max = t->limits.max[LIMIT_recent_execs],
					   .strict = t->o->strict };
	t->discover = discover_new(&t->discover_options, t->files, t->hooks);
	discover_prepare(t->discover);
	s = scan_cache_stats(t->files);
	log_debug("attach",
		  "inspected the running processes in %u ms; scanned %u files, which took %u ms of "
		  "it",
		  (unsigned)((now_ns() - begin) / 1000000), (unsigned)s.searched,
		  (unsigned)(s.search_ns / 1000000));
	/* What the command will run is not known: a script may end in any program. */
	if (t->o->command)
		probe_begin_all(t->probe, cpus_possible());
	err = probe_need(t->probe, GROUP_CORE, reterr);
	probe_settle(t->probe);
	t->counters = probe_map(t->probe, "spy_counters");
	return err;
}

/* What the user named is there. */
static int check_named(const struct tracer *t, struct error *reterr)
{
	struct file_id id;

	for (size_t i = 0; i < t->o->libssl.count; i++) {
		const char *path = t->o->libssl.items[i];
		int err = scan_cache_identify(path, &id);

		if (err)
			return error_set(reterr, err, "--libssl %.200s: %s", path, strerror(-err));
	}
	for (size_t i = 0; i < t->o->filter.npids; i++)
		if (kill(t->o->filter.pids[i], 0) != 0 && errno == ESRCH)
			return error_set(reterr, -ESRCH, "--pid %d: no such process",
					 (int)t->o->filter.pids[i]);
	return 0;
}

/* Nothing could be hooked though there was something: then the host does not let us. */
static int check_hooked(const struct tracer *t, struct error *reterr)
{
	const struct target_list *l = discover_targets(t->discover);
	bool refused = false;

	for (size_t i = 0; i < l->count; i++) {
		if (l->items[i].links.hooked)
			return 0;
		refused |= l->items[i].found != NULL;
	}
	if (refused)
		return error_set(reterr, -EPERM, "could not hook any file; see the warnings above");
	return 0;
}

/* Without them nothing but --plain is impossible. */
static int attach_sock(struct tracer *t, struct error *reterr)
{
	const char *name = "";
	int err = links_attach_sock(t->hooks, &name);

	if (err && t->o->plain)
		return error_set(
			reterr, err,
			"--plain does not work here: the kernel refused the raw tracepoint %s: %s",
			name, strerror(-err));
	if (err)
		log_warn("attach",
			 "peer addresses may be missing, and programs that cannot be captured are "
			 "reported only at exit: the kernel refused the raw tracepoint %s: %s",
			 name, strerror(-err));
	return 0;
}

static int attach(struct tracer *t, struct error *reterr)
{
	uint64_t begin = now_ns();
	int err = 0;

	if (t->o->command)
		err = links_attach_tree(t->hooks, reterr);
	if (err)
		return err;
	err = links_attach_exec(t->hooks);
	if (err)
		log_warn("attach",
			 "new processes are only detected by polling once a second: the kernel "
			 "refused raw tracepoints: %s",
			 strerror(-err));
	err = attach_sock(t, reterr);
	if (err)
		return err;
	discover_first(t->discover);
	log_debug("attach", "%zu files with TLS hooked in %u ms",
		  target_count_hooked(discover_targets(t->discover)),
		  (unsigned)((now_ns() - begin) / 1000000));
	return check_hooked(t, reterr);
}

static void on_exec(void *arg, uint32_t tgid)
{
	discover_process(arg, (pid_t)tgid);
}

static void on_connect(void *arg, uint32_t tgid, const struct endpoints *ends)
{
	discover_connected(arg, (pid_t)tgid, ends);
}

static void on_class(void *arg, uint32_t tgid, enum traffic_class looks, uint64_t bytes)
{
	discover_class(arg, (pid_t)tgid, looks, bytes);
}

static int start_discovery(struct tracer *t, struct error *reterr)
{
	int err = discover_start(t->discover);

	if (err)
		return error_set(reterr, err, "cannot start a thread: %s", strerror(-err));
	t->discovering = true;
	t->status = status_file_open();
	live_on_exec(t->live, on_exec, t->discover);
	live_on_connect(t->live, on_connect, t->discover);
	pipeline_on_class(t->pipeline, on_class, t->discover);
	return 0;
}

/* Detaches all. What a thread that does not come back uses stays, for the kernel to clean up. */
static void stop_discovery(struct tracer *t)
{
	struct scan_cache_stats s;

	if (t->discovering && !discover_stop(t->discover)) {
		log_warn("attach", "the file scanner or probe compiler did not stop in time; "
				   "leaving it behind");
		t->discover = NULL;
		t->hooks = NULL;
		t->files = NULL;
		t->probe = NULL;
	} else if (t->discovering) {
		discover_note_blind(t->discover);
	}
	t->discovering = false;
	links_free(t->hooks);
	t->hooks = NULL;
	if (!t->files)
		return;
	s = scan_cache_stats(t->files);
	t->limits.hits[LIMIT_files] += s.dropped;
	t->limits.hits[LIMIT_recent_execs] +=
		t->discover ? discover_stats(t->discover).overflows : 0;
	t->scanned = s;
	scan_cache_close(t->files);
	t->files = NULL;
}

/* ---- running ---- */

static int on_wanted(void *arg, const struct chunk *c)
{
	struct tracer *t = arg;
	int err = t->record ? recorder_chunk(t->record, c) : 0;

	if (err && !t->failed)
		t->failed = err;
	return pipeline_chunk(t->pipeline, c);
}

static void print_map(void *arg)
{
	const struct tracer *t = arg;
	struct run_report r = report_gather(t->pipeline, &t->totals, &t->limits);
	struct unseen notes = { 0 };

	discover_unseen(t->discover, &notes);
	r.unseen = &notes;
	report_print_map(&r);
	unseen_done(&notes);
}

static bool sees_all(const struct options *o)
{
	return !o->command && !o->cgroup && !o->comm && !o->filter.npids && !o->filter.nnames &&
	       !o->filter.has_uid;
}

/* For `llm-spy targets`. */
static void tell_status(struct tracer *t, uint64_t now)
{
	const struct process_stats *seen = pipeline_process_stats(t->pipeline);
	struct status s = { .all = sees_all(t->o) };

	if (!status_file_is_due(t->status, now))
		return;
	discover_unseen(t->discover, &s.notes);
	s.rows = process_stats_rows(seen, &s.nrows);
	status_file_write(t->status, &s, process_stats_changes(seen) + s.notes.changes, now);
	unseen_done(&s.notes);
}

static void tick(void *arg, uint64_t now)
{
	struct tracer *t = arg;

	pipeline_tick(t->pipeline, now);
	tell_status(t, now);
}

static bool is_over(const void *arg)
{
	const struct tracer *t = arg;

	return t->failed || !fanout_is_alive(t->fanout);
}

static const struct loop_ops loop_ops = { .tick = tick, .is_over = is_over, .show = print_map };

/* ---- the end ---- */

static void read_counters(const struct tracer *t, uint64_t *sums)
{
	size_t ncpus = cpus_possible();
	uint64_t *values = xcalloc(ncpus, sizeof(*values));

	for (uint32_t i = 0; i < SPY_N_COUNTERS; i++) {
		sums[i] = 0;
		if (bpf_map_get(t->counters, &i, values) == 0)
			for (size_t cpu = 0; cpu < ncpus; cpu++)
				sums[i] += values[cpu];
	}
	free(values);
}

static void say_ready(const struct tracer *t, size_t hooked)
{
	if (t->to.log)
		log_say("writing to %s (-o - shows it here)", t->to.log);
	if (!t->o->command || t->o->debug)
		log_say("ready: TLS hooked in %zu file%s; press Ctrl-C to stop", hooked,
			hooked == 1 ? "" : "s");
}

/* Names what was written and is not to be guessed. */
static void add_files(struct buf *out, const struct tracer *t)
{
	if (t->to.log)
		buf_addf(out, "  %s", t->to.log);
	for (size_t i = 0; i < t->o->outputs.count; i++)
		buf_addf(out, "  %s", t->o->outputs.items[i]);
	if (t->o->record)
		buf_addf(out, "  %s", t->o->record);
}

/* In one line, where the terminal was the command's or nothing but a recording was asked for. With
 * a log, the whole of it stands there. */
static void say_result(struct tracer *t, const struct run_report *r)
{
	struct buf line;

	if (t->to.log && !t->messages.warnings && result_is_nothing(r))
		destination_drop_log(&t->to);
	else if (t->to.log)
		report_print(r);
	messages_release(&t->messages);
	buf_init(&line, 4096);
	result_write(&line, r, t->messages.warnings);
	add_files(&line, t);
	log_say("%s", line.ptr);
	buf_done(&line);
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
	r.lost = live_lost(t->live);
	if (t->discover) {
		report_add_files(&r, discover_targets(t->discover), t->o->debug);
		discover_unseen(t->discover, &notes);
		r.unseen = &notes;
	}
	if (t->to.brief)
		say_result(t, &r);
	else
		report_print(&r);
	free(outputs);
	unseen_done(&notes);
	free(r.files);
}

static int finish(struct tracer *t, int err)
{
	uint64_t counters[SPY_N_COUNTERS];
	int failed;

	/* First no more events, then what is still in the buffer. */
	stop_discovery(t);
	if (!err)
		err = live_source(t->live)->ops->finish(live_source(t->live));
	if (!err)
		pipeline_finish(t->pipeline, now_ns());
	read_counters(t, counters);
	failed = recorder_close(t->record);
	t->record = NULL;
	if (!t->failed)
		t->failed = failed;
	fanout_finish(t->fanout);
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
	stop_discovery(t);
	discover_free(t->discover);
	live_free(t->live);
	probe_free(t->probe);
	if (t->compiler >= 0)
		close(t->compiler);
	recorder_close(t->record);
	pipeline_free(t->pipeline);
	fanout_free(t->fanout);
	totals_done(&t->totals);
	destination_done(&t->to);
	environment_free(t->environment);
	prices_free(t->prices);
	filter_free(t->filter);
	status_file_close(t->status);
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

/* Files are made before anything else, so that one that cannot be made is said at once. */
static int open_outputs(struct tracer *t, struct error *reterr)
{
	struct output_defaults defaults = options_output(t->o);
	int err;

	t->cannot = EXIT_FAILED;
	err = destination_choose(&t->to, t->o, reterr);
	if (!err)
		err = fanout_open(&t->fanout, t->to.outputs, t->to.count, t->o->format, &defaults,
				  reterr);
	if (!err && t->o->record)
		err = recorder_open(&t->record, t->o->record, t->o->force, reterr);
	if (!err)
		t->cannot = EXIT_CANNOT;
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
				   .environment = t->environment,
				   .errors_only = t->to.errors_only };

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
		err = choose_buffer(t, reterr);
	if (!err)
		err = check_named(t, reterr);
	if (!err)
		err = compile(t, reterr);
	if (err)
		return err;
	totals_init(&t->totals, t->o->mode);
	t->pipeline = pipeline_new(&t->limits);
	pipeline_observe(t->pipeline, &totals_observer, &t->totals);
	pipeline_observe(t->pipeline, &fanout_observer, t->fanout);
	pipeline_set_prices(t->pipeline, t->prices);
	t->filter = filter_new(&t->o->filter, on_wanted, t);
	err = live_open(&t->live, t->ring, probe_map(t->probe, "spy_events"), buffer_bytes(t),
			filter_chunk, t->filter, reterr);
	if (!err)
		err = attach(t, reterr);
	if (!err && t->o->command) {
		uint32_t tgid = (uint32_t)t->command.pid;
		uint8_t one = 1;

		err = bpf_map_put(probe_map(t->probe, "spy_tree_tgids"), &tgid, &one);
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

static int exit_code(const struct tracer *t, int err, bool blind)
{
	if (err)
		log_warn("trace", "tracing stopped early: %s", strerror(-err));
	if (t->failed)
		log_warn("trace", "the recording is incomplete: %s", strerror(-t->failed));
	if (t->o->strict && blind)
		return EXIT_BLIND;
	if (t->command.pid && t->command.exited)
		return child_exit_status(&t->command);
	return err || t->failed || t->output_failed ? EXIT_FAILED : EXIT_FINE;
}

/* Of the thread that drains the kernel's buffer: what it does not take out in time is lost. */
#define PRIORITY -10

int tracer_run(const struct options *o, struct error *reterr)
{
	struct tracer t = { .o = o, .limits = o->limits, .compiler = -1, .cannot = EXIT_CANNOT };
	size_t hooked;
	bool blind;
	int err, code;

	t.loop = (struct loop){ .ops = &loop_ops, .arg = &t, .command = &t.command, .signals = -1 };
	err = start(&t, reterr);
	loop_hold_ends(true);
	hooked = err ? 0 : target_count_hooked(discover_targets(t.discover));
	if (!err)
		err = start_discovery(&t, reterr);
	if (err) {
		/* The command, still at its gate, ends with us. */
		destination_drop_log(&t.to);
		tracer_done(&t);
		return t.cannot;
	}
	say_ready(&t, hooked);
	if (t.to.quiet)
		messages_hold(&t.messages, t.to.log ? t.fanout : NULL);
	if (o->command)
		child_release(&t.command);
	t.loop.source = live_source(t.live);
	setpriority(PRIO_PROCESS, 0, PRIORITY); /* may be refused, and does without */
	err = finish(&t, loop_run(&t.loop));
	blind = is_blind(&t);
	tracer_done(&t);
	code = exit_code(&t, err, blind);
	return code;
}
