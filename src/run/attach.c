/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "capture/hello.h"
#include "kernel/bpf.h"
#include "kernel/cpus.h"
#include "kernel/features.h"
#include "probe/compiler.h"
#include "probe/kernel_filter.h"
#include "proc/cgroup_dir.h"
#include "run/tracer_int.h"

/* A body of 32 MiB, the largest that Anthropic takes, is handed to the TLS library in one call; the
 * reader may not get a processor meanwhile. It is the kernel's memory, so hosts with little have
 * less. */
#define RING_MAX  (64u << 20)
#define RING_MIN  (16u << 20)
#define RING_PART 128 /* of the host's memory */
/* Perf buffers can't lend each other room, and the whole load of one busy client may meet a single
 * processor: each gets an equal part of this, within the bounds. */
#define PERF_TOTAL (64u << 20)
#define PERF_MIN   (1u << 20)
#define PERF_MAX   (16u << 20)

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

static size_t ring_bytes(void)
{
	size_t part = (size_t)sysconf(_SC_PHYS_PAGES) / RING_PART * (size_t)sysconf(_SC_PAGESIZE);

	return part >= RING_MAX ? RING_MAX : part >= RING_MAX / 2 ? RING_MAX / 2 : RING_MIN;
}

static size_t perf_bytes(void)
{
	size_t each = PERF_TOTAL / cpus_possible();

	return each < PERF_MIN ? PERF_MIN : each > PERF_MAX ? PERF_MAX : each;
}

size_t attach_buffer_bytes(const struct tracer *t)
{
	size_t want = t->o->buffer_size ? t->o->buffer_size : t->ring ? ring_bytes() : perf_bytes();
	size_t bytes = 64 << 10; /* the smallest that holds an event of full size */

	while (bytes < want && bytes < (1u << 30))
		bytes <<= 1;
	return bytes;
}

/* Whose pipes and Unix sockets are captured. The kernel has to say where members of its structs
 * are.
 */
static void choose_stdio(const struct tracer *t, struct probe_config *c)
{
	bool all = t->o->stdio == STDIO_OPTION_ALL, asked = all || t->o->plain_unix;
	int err = kernel_offsets_find(&c->offsets);

	if (t->o->stdio == STDIO_OPTION_NO && !t->o->plain_unix)
		return;
	if (err) {
		if (asked)
			log_warn("attach",
				 "pipes and Unix sockets are not seen: the kernel does not "
				 "describe its types (/sys/kernel/btf/vmlinux): %s",
				 strerror(-err));
		return;
	}
	c->plain_unix = t->o->plain_unix;
	if (t->o->stdio != STDIO_OPTION_NO)
		c->stdio = all && !t->o->command ? STDIO_ALL : STDIO_SPEAKERS;
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
		.ring_bytes = attach_buffer_bytes(t),
		.call_max = t->o->call_limit,
		.conns = t->limits.max[LIMIT_connections],
		.tree = t->o->command != NULL,
		.cgroups = t->o->cgroups.count,
		.need_comm = t->o->comm != NULL,
		.peers = !t->o->no_peer,
		.plain_ports = t->o->plain,
		.plain_near = t->o->plain_near,
		.pids = t->o->filter.pids,
		.npids = t->o->filter.npids,
		.no_cache = t->o->no_cache,
		.sock_length = kernel_can_sock_length(),
	};
	int err = kernel_filter_expression(
		&(struct kernel_filter){ .filter = &t->o->filter, .comm = t->o->comm }, &skip,
		reterr);

	if (err)
		return err;
	/* A process filter keeps the others at full speed only with single probes. */
	t->multi = t->o->filter.npids == 0 && kernel_can_multi();
	choose_stdio(t, &c);
	t->stdio = c.stdio != STDIO_NOBODY || c.plain_unix;
	c.ring_buffer = t->ring;
	c.multi = t->multi;
	c.skip = skip;
	log_debug("attach", "%s buffer of %zu KiB; %s", t->ring ? "ring" : "perf",
		  c.ring_bytes / 1024, t->multi ? "uprobe_multi" : "one perf event for each probe");
	err = probe_open(&t->probe, &c, t->compiler, reterr);
	t->compiler = -1;
	return err;
}

static int give_cgroups(const struct tracer *t, struct error *reterr)
{
	int map = probe_map(t->probe, "spy_cgroups"), err = 0;

	for (uint32_t i = 0; !err && i < t->o->cgroups.count; i++) {
		int fd = cgroup_dir_open(t->o->cgroups.items[i], reterr);

		if (fd < 0)
			return fd;
		err = bpf_map_put(map, &i, &fd);
		close(fd);
		if (err)
			error_set(reterr, err, "--cgroup %.100s: the kernel refused it: %s",
				  t->o->cgroups.items[i], strerror(-err));
	}
	return err;
}

/* What is there is looked at while the compiler works, and so is known what else it has to compile.
 * What only files need that nobody runs comes later, in the background. A command may end in any
 * program: one that needs more is held until it is there (discover.c). */
static int compile(struct tracer *t, struct error *reterr)
{
	uint64_t begin = now_ns();
	struct scan_cache_stats s;
	int err = open_probe(t, reterr);

	if (err)
		return err;
	probe_begin(t->probe, GROUP_CORE);
	if (t->stdio)
		probe_begin(t->probe, GROUP_STDIO);
	t->hooks = links_new(t->probe, t->multi, t->o->filter.pids, t->o->filter.npids);
	t->discover_options =
		(struct discover_options){ .filter = &t->o->filter,
					   .command = t->o->command,
					   .named = t->o->libssl.items,
					   .nnamed = t->o->libssl.count,
					   .hold = t->hold,
					   .hold_ns = t->o->hold_ns,
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
	err = probe_need(t->probe, GROUP_CORE, reterr);
	if (!err)
		err = give_cgroups(t, reterr);
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

int attach_prepare(struct tracer *t, struct error *reterr)
{
	int err = choose_buffer(t, reterr);

	if (!err)
		err = check_named(t, reterr);
	return err ? err : compile(t, reterr);
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

/* Everything else works without. */
static void attach_stdio(struct tracer *t)
{
	const char *name = "";
	struct error why;
	int err = probe_need(t->probe, GROUP_STDIO, &why);

	if (err) {
		log_warn("attach", "MCP and ACP over pipes are not seen: %s", why.text);
		return;
	}
	t->speakers = speakers_new(t->probe);
	live_with_stdio(t->live, probe_map(t->probe, "spy_files"));
	if (t->o->command || t->o->stdio == STDIO_OPTION_ALL || t->o->plain_unix)
		err = speakers_attach(t->speakers, &name);
	if (!t->o->command && t->o->stdio == STDIO_OPTION_AGENTS)
		pipeline_observe(t->pipeline, &speakers_observer, t->speakers);
	if (err)
		log_warn("attach",
			 "MCP and ACP over pipes are not seen: the kernel refused the raw "
			 "tracepoint %s: %s",
			 name, strerror(-err));
}

int attach_all(struct tracer *t, struct error *reterr)
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
	if (t->stdio)
		attach_stdio(t);
	discover_first(t->discover);
	log_debug("attach", "%zu files with TLS hooked in %u ms",
		  target_count_hooked(discover_targets(t->discover)),
		  (unsigned)((now_ns() - begin) / 1000000));
	return check_hooked(t, reterr);
}

/* ---- what is held ---- */

static void say_unheld(int err)
{
	log_warn("attach",
		 "new programs cannot be held until they are hooked, so their first calls may be "
		 "missed: %s (see llm-spy doctor)",
		 err == -EPERM || err == -EINVAL ? "the kernel refuses fanotify's permission events"
						 : strerror(-err));
}

/* Chosen processes run already. */
void attach_open_hold(struct tracer *t)
{
	int err = 0;

	if (t->o->hold_ns && !t->o->filter.npids)
		t->hold = hold_open(t->o->hold_ns, &err);
	if (err && !t->hold)
		say_unheld(err);
}

static bool on_held(void *arg, const struct held_file *f)
{
	return discover_held(arg, f);
}

/* The command's processes are held by the mounts that are theirs alone; without a command, whatever
 * is begun on this host. */
static void begin_hold(struct tracer *t)
{
	pid_t pid = t->o->command ? t->command.pid : getpid();
	int err = t->o->command ? t->command.apart : 0;

	if (!err)
		err = hold_begin(t->hold, pid, !t->o->command);
	if (err)
		say_unheld(err);
	/* Threads can be stopped all the same. */
	err = hold_start(t->hold, on_held, t->discover);
	if (err)
		log_warn("attach", "cannot start a thread: %s", strerror(-err));
}

static void on_exec(void *arg, uint32_t tgid, uint32_t tid)
{
	discover_process(arg, (pid_t)tgid, (pid_t)tid);
}

static void on_connect(void *arg, uint32_t tgid, const struct endpoints *ends)
{
	discover_connected(arg, (pid_t)tgid, ends);
}

static void on_notice(void *arg, const struct notice *n)
{
	struct tracer *t = arg;

	carried_notice(t->carried, n);
	if (!n->seq && !n->received)
		discover_tls(t->discover, (pid_t)n->tgid, &n->ends);
}

static void on_class(void *arg, uint32_t tgid, enum traffic_class looks, uint64_t bytes)
{
	discover_class(arg, (pid_t)tgid, looks, bytes);
}

static void describe(void *arg, pid_t pid)
{
	live_describe(arg, pid);
}

int attach_start_discovery(struct tracer *t, struct error *reterr)
{
	int err;

	discover_each_watched(t->discover, describe, t->live);
	err = discover_start(t->discover);
	if (err)
		return error_set(reterr, err, "cannot start a thread: %s", strerror(-err));
	t->discovering = true;
	if (t->hold)
		begin_hold(t);
	t->status = status_file_open();
	live_on_exec(t->live, on_exec, t->discover);
	live_on_connect(t->live, on_connect, t->discover);
	live_on_notice(t->live, on_notice, t);
	pipeline_on_class(t->pipeline, on_class, t->discover);
	return 0;
}

void attach_stop(struct tracer *t)
{
	struct scan_cache_stats s;

	if (t->stopped_ns)
		return;
	t->stopped_ns = now_ns();
	if (t->hold)
		hold_stop(t->hold);
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
	if (t->speakers)
		speakers_detach(t->speakers);
	links_free(t->hooks);
	t->hooks = NULL;
	if (!t->files)
		return;
	s = scan_cache_stats(t->files);
	t->limits.hits[LIMIT_files] += s.dropped;
	t->limits.hits[LIMIT_recent_execs] +=
		t->discover ? discover_stats(t->discover).overflows : 0;
	t->scanned = s;
}
