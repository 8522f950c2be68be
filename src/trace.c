/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/types.h>

#include "attach/bpf.h"
#include "attach/hook.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "capture/cpus.h"
#include "capture/filter.h"
#include "capture/live.h"
#include "capture/record.h"
#include "command.h"
#include "exitcode.h"
#include "pipeline.h"
#include "probes/event.h"
#include "show.h"
#include "pricefile.h"
#include "summary.h"

#define RING_BYTES (16u << 20)
/* Perf buffers can't lend each other room, and the whole load of one busy client may meet a single
 * processor: each gets an equal part of this, within the bounds. */
#define PERF_TOTAL (64u << 20)
#define PERF_MIN (1u << 20)
#define PERF_MAX (16u << 20)
/* How often the buffer is looked at. The probe wakes us when a connection begins and when much
 * came at once, so this bounds the delay of what is shown, no more. */
#define DRAIN_BUSY_MS 5
#define DRAIN_IDLE_MS 20
#define DRAIN_BUDGET (8u << 20)
#define TICK_NS 50000000ull

struct tracer {
	const struct options *o;
	struct limits limits;
	struct probe probe;
	bool ring, multi;
	struct hooks *hooks;
	struct target_list targets;
	struct live *live;
	struct filter *filter;
	struct recorder *record;
	struct pipeline *pipeline;
	struct prices *prices;
	struct show show;
	struct command command;
	int signals;	    /* signalfd */
	bool stop, all_gone; /* asked to stop; the command and its children have ended */
	int failed;	    /* first error of the recorder or output */
	uint64_t ticked_ns;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- what the kernel leaves out ---- */

static void skip_unless(struct buf *skip, const char *condition)
{
	buf_addf(skip, "%s!(%s)", skip->len ? " || " : "", condition);
}

static int add_cgroup(const struct options *o, struct buf *skip, struct error *reterr)
{
	char text[64];
	struct stat st;

	if (stat(o->cgroup, &st) != 0 || !S_ISDIR(st.st_mode))
		return error_set(reterr, -ENOENT, "--cgroup %.200s: no such directory", o->cgroup);
	snprintf(text, sizeof(text), "cgroup == %lluull", (unsigned long long)st.st_ino);
	skip_unless(skip, text);
	return 0;
}

/* A C expression for probes/tls.bpf.c; the caller frees it. */
static int build_skip(const struct options *o, char **ret, struct error *reterr)
{
	struct buf skip, any;
	char text[64];
	int err = 0;

	buf_init(&skip, 64 << 10);
	buf_init(&any, 32 << 10);
	for (size_t i = 0; i < o->filter.npids; i++)
		buf_addf(&any, "%stgid == %d", i ? " || " : "", (int)o->filter.pids[i]);
	if (o->filter.npids)
		skip_unless(&skip, any.ptr);
	if (o->filter.has_uid) {
		snprintf(text, sizeof(text), "uid == %u", o->filter.uid);
		skip_unless(&skip, text);
	}
	for (size_t i = 0; o->comm && i <= strlen(o->comm); i++) {
		snprintf(text, sizeof(text), "comm[%zu] == %d", i, o->comm[i]);
		skip_unless(&skip, text);
	}
	if (o->cgroup)
		err = add_cgroup(o, &skip, reterr);
	if (!skip.len)
		buf_adds(&skip, "0");
	*ret = buf_take(&skip);
	buf_done(&any);
	return err;
}

/* ---- start ---- */

static int choose_buffer(struct tracer *t, struct error *reterr)
{
	bool can = probe_can_ring_buffer();

	if (t->o->buffer == BUFFER_RING && !can)
		return error_set(reterr, -ENOTSUP,
				 "this kernel has no BPF ring buffer (Linux 5.8), or refuses it: "
				 "try --buffer=perf");
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

static int compile(struct tracer *t, struct error *reterr)
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
	};
	int err = build_skip(t->o, &skip, reterr);

	if (err)
		return err;
	/* A process filter keeps the others at full speed only with single probes. */
	t->multi = t->o->filter.npids == 0 && probe_can_multi();
	c.ring_buffer = t->ring;
	c.multi = t->multi;
	c.skip = skip;
	err = probe_compile(&c, &t->probe, reterr);
	if (!err)
		log_debug("attach",
			  "kernel headers: %s; compiled in %u ms, loaded in %u ms, by a child of %ld MB; "
			  "%s buffer of %zu KiB; %s",
			  t->probe.headers, t->probe.compile_ms, t->probe.load_ms,
			  t->probe.child_peak_kb / 1024, t->ring ? "ring" : "perf", c.ring_bytes / 1024,
			  t->multi ? "uprobe_multi" : "one perf event for each probe");
	return err;
}

static int find_targets(struct tracer *t, struct error *reterr)
{
	for (size_t i = 0; i < t->o->libssl.count; i++) {
		const char *path = t->o->libssl.items[i];
		int err = target_add(&t->targets, path, path, true);

		if (err)
			return error_set(reterr, err, "--libssl %.200s: %s", path, strerror(-err));
	}
	for (size_t i = 0; i < t->o->filter.npids; i++)
		if (kill(t->o->filter.pids[i], 0) != 0 && errno == ESRCH)
			return error_set(reterr, -ESRCH, "there is no process %d",
					 (int)t->o->filter.pids[i]);
	target_scan_linker(&t->targets);
	target_scan_processes(&t->targets, t->o->filter.pids, t->o->filter.npids);
	return 0;
}

/* Several libraries on the linker's path may hold nothing of ours: of no interest unless asked for. */
static void say_not_hooked(const struct target *t)
{
	if (t->named || !target_is_empty(t))
		log_warn("attach", "%s is not hooked: %s", t->name, t->problem);
	else
		log_debug("attach", "%s is not hooked: %s", t->name, t->problem);
}

static int attach(struct tracer *t, struct error *reterr)
{
	uint64_t begin = now_ns();
	size_t hooked = 0;
	int err = 0, last = 0;

	t->hooks = hooks_new(&t->probe, t->multi, t->o->filter.pids, t->o->filter.npids);
	for (size_t i = 0; i < t->targets.count; i++) {
		struct target *target = &t->targets.items[i];

		last = hooks_attach(t->hooks, target);
		if (last)
			say_not_hooked(target);
		hooked += last == 0;
	}
	if (!hooked && t->targets.count)
		return error_set(reterr, last, "no TLS library could be hooked: %.80s: %s",
				 t->targets.items[t->targets.count - 1].name,
				 t->targets.items[t->targets.count - 1].problem);
	if (!hooked)
		return error_set(reterr, -ENOENT,
				 "no TLS library that is known is on the linker's path or mapped by a "
				 "process: name one with --libssl FILE");
	if (t->o->command)
		err = hooks_attach_tree(t->hooks, reterr);
	log_debug("attach", "%zu files hooked in %u ms", hooked, (unsigned)((now_ns() - begin) / 1000000));
	return err;
}

/* Signals arrive as readable bytes, so that nothing ever runs in a handler. */
static int open_signals(struct error *reterr)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? error_set(reterr, -errno, "signalfd: %s", strerror(errno)) : fd;
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

static void on_signal(struct tracer *t, const struct signalfd_siginfo *s)
{
	switch (s->ssi_signo) {
	case SIGCHLD:
		if (t->command.pid && command_reap(&t->command))
			t->all_gone = true;
		/* After Ctrl-C, what the command leaves behind is not waited for. */
		if (t->stop && t->command.exited)
			t->all_gone = true;
		break;
	case SIGINT:
		/* Ctrl-C reaches the command as well, and it may go on: a second one ends us. */
		if (!t->command.pid || t->command.exited || t->stop)
			t->all_gone = true;
		t->stop = true;
		break;
	default:
		if (t->command.pid && !t->command.exited)
			kill(t->command.pid, (int)s->ssi_signo);
		t->stop = t->all_gone = true;
		break;
	}
}

static void read_signals(struct tracer *t)
{
	struct signalfd_siginfo s;

	while (read(t->signals, &s, sizeof(s)) == sizeof(s))
		on_signal(t, &s);
}

static int poll_once(struct tracer *t, bool busy)
{
	struct pollfd fds[1 + LIVE_POLLFDS];
	size_t n = live_pollfds(t->live, fds + 1, LIVE_POLLFDS);

	fds[0] = (struct pollfd){ .fd = t->signals, .events = POLLIN };
	if (poll(fds, 1 + (n < LIVE_POLLFDS ? n : LIVE_POLLFDS), busy ? DRAIN_BUSY_MS : DRAIN_IDLE_MS) <
		    0 &&
	    errno != EINTR)
		return -errno;
	if (fds[0].revents)
		read_signals(t);
	return 0;
}

static int run(struct tracer *t)
{
	uint64_t before = 0;
	bool busy = false;
	int err = 0;

	while (!err && !t->all_gone && !t->failed && show_alive(&t->show)) {
		err = poll_once(t, busy);
		if (!err)
			err = live_drain(t->live, false, DRAIN_BUDGET);
		if (!err && now_ns() - t->ticked_ns > TICK_NS) {
			t->ticked_ns = now_ns();
			err = pipeline_tick(t->pipeline, t->ticked_ns);
		}
		busy = live_events(t->live) != before;
		before = live_events(t->live);
	}
	return err;
}

/* ---- the end ---- */

static void read_counters(const struct tracer *t, uint64_t *sums)
{
	size_t ncpus = cpus_possible();
	uint64_t *values = xcalloc(ncpus, sizeof(*values));

	for (uint32_t i = 0; i < SPY_N_COUNTERS; i++) {
		sums[i] = 0;
		if (bpf_map_get(t->probe.counters, &i, values) == 0)
			for (size_t cpu = 0; cpu < ncpus; cpu++)
				sums[i] += values[cpu];
	}
	free(values);
}

static void say_ready(const struct tracer *t)
{
	size_t hooked = 0;

	for (size_t i = 0; i < t->targets.count; i++)
		hooked += t->targets.items[i].hooked;
	if (!t->o->command || t->o->debug)
		fprintf(stderr, "llm-spy: ready: %zu TLS librar%s hooked; Ctrl-C ends\n", hooked,
			hooked == 1 ? "y" : "ies");
}

static int finish(struct tracer *t, int err)
{
	uint64_t counters[SPY_N_COUNTERS];
	int failed;

	/* First no more events, then what is still in the buffer. */
	hooks_free(t->hooks);
	t->hooks = NULL;
	if (!err)
		err = live_drain(t->live, true, SIZE_MAX);
	if (!err)
		err = pipeline_finish(t->pipeline, now_ns());
	read_counters(t, counters);
	failed = recorder_close(t->record);
	t->record = NULL;
	if (!t->failed)
		t->failed = failed;
	summary_print(stderr, &(struct summary){ .show = &t->show,
						 .pipeline = t->pipeline,
						 .limits = &t->limits,
						 .targets = &t->targets,
						 .counters = counters,
						 .lost = live_lost(t->live) });
	return err;
}

static void tracer_done(struct tracer *t)
{
	hooks_free(t->hooks);
	live_free(t->live);
	probe_close(&t->probe);
	recorder_close(t->record);
	pipeline_free(t->pipeline);
	prices_free(t->prices);
	filter_free(t->filter);
	target_list_done(&t->targets);
	if (t->signals >= 0)
		close(t->signals);
}

static int start(struct tracer *t, struct error *reterr)
{
	int err;

	t->prices = pricefile_open(t->o->prices, reterr);
	if (!t->prices)
		return reterr->code;
	if (t->o->command) {
		err = command_start(&t->command, t->o->command, reterr);
		if (err)
			return err;
	}
	t->signals = open_signals(reterr);
	if (t->signals < 0)
		return t->signals;
	err = show_open(&t->show, t->o, reterr);
	if (!err && t->o->record)
		err = recorder_open(&t->record, t->o->record, reterr);
	if (!err)
		err = choose_buffer(t, reterr);
	if (!err)
		err = find_targets(t, reterr);
	if (!err)
		err = compile(t, reterr);
	if (err)
		return err;
	t->pipeline = pipeline_new(&t->limits, &show_calls, &t->show);
	pipeline_set_prices(t->pipeline, t->prices);
	t->filter = filter_new(&t->o->filter, on_wanted, t);
	err = live_open(&t->live, t->ring, t->probe.events, buffer_bytes(t), filter_chunk, t->filter,
			reterr);
	if (!err)
		err = attach(t, reterr);
	if (!err && t->o->command) {
		uint32_t tgid = (uint32_t)t->command.pid;
		uint8_t one = 1;

		err = bpf_map_put(t->probe.tree_tgids, &tgid, &one);
		if (err)
			error_set(reterr, err, "the command cannot be followed: %s", strerror(-err));
	}
	return err;
}

static int exit_code(const struct tracer *t, int err)
{
	if (err)
		log_warn("trace", "stopped: %s", strerror(-err));
	if (t->failed)
		log_warn("trace", "the recording is not complete: %s", strerror(-t->failed));
	if (t->command.pid && t->command.exited)
		return command_exit_status(&t->command);
	return err || t->failed ? EXIT_FAILED : EXIT_FINE;
}

int trace_run(const struct options *o, struct error *reterr)
{
	struct tracer t = { .o = o, .limits = o->limits, .signals = -1 };
	int err, code;

	memset(t.probe.prog, -1, sizeof(t.probe.prog));
	t.probe.events = t.probe.counters = t.probe.tree_tgids = -1;
	err = start(&t, reterr);
	if (err) {
		/* The command, still at its gate, ends with us. */
		tracer_done(&t);
		show_close(&t.show);
		return EXIT_CANNOT;
	}
	say_ready(&t);
	if (o->command)
		command_release(&t.command);
	err = finish(&t, run(&t));
	tracer_done(&t);
	if (show_close(&t.show) != 0 && !err)
		err = -EIO;
	code = exit_code(&t, err);
	return code;
}
