/* SPDX-License-Identifier: MIT */
/* A process is looked at when the kernel tells of it, and again a while later: right after its exec
 * it has mapped its program, but not yet its libraries, and where no dynamic linker tells (attach/
 * find_linker.c) there is no sign of those. Once a second /proc is asked for processes that no
 * event told of.
 *
 * A process that opens a connection to port 443 is judged at once, and again at each later look:
 * whether it is blind. */
#include "discover/discover.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/urgent.h"
#include "base/xalloc.h"
#include "discover/blind.h"
#include "discover/install_paths.h"
#include "discover/mailbox.h"
#include "discover/newcomers.h"
#include "discover/targets.h"
#include "discover/watched.h"
#include "proc/list.h"
#include "proc/sockets.h"

#define POLL_NS 1000000000ull
/* When it is told to stop, it goes on for so long with what it knows of, and has to be back then:
 * one file or one group of probes more may take its time on a host that is busy. */
#define FINISH_NS    2000000000ull
#define STOP_SECONDS 15
/* When a file that nobody has run yet is looked at again, if probes for it are being compiled. */
#define PLACE_NS 50000000ull
/* How often it is asked whether the next programs for the kernel can be compiled. */
#define PREFETCH_NS 50000000ull
/* When a process is looked at again, after the event. */
static const uint64_t again_ns[] = { 200000000, 1000000000, 5000000000 };
#define AGAIN (sizeof(again_ns) / sizeof(*again_ns))

/* A process that will be looked at again. */
struct visit {
	pid_t pid;
	size_t stage; /* of again_ns */
	uint64_t begun_ns;
	uint64_t soon_ns; /* it maps what waits for probes: when it is looked at in between; 0: not
			   */
};

struct discover {
	const struct discover_options *o;
	struct scan_cache *files;
	struct links *hooks;
	struct file_id self; /* the program that runs here */
	struct targets *targets;
	struct blind *blind;
	struct newcomers *newcomers;
	struct discover_stats stats;
	/* The thread's own. */
	struct visit *visits;
	size_t nvisits;
	bool crowded; /* there was no room for one */
	pid_t *known; /* at the last look into /proc, in rising order */
	size_t nknown;
	uint64_t polled_ns;
	struct install_paths places;
	uint64_t place_ns; /* when the next of them may be looked at */
	bool prefetched;   /* all programs for the kernel are compiled */
	uint64_t prefetch_ns;
	bool stopped;
	pthread_t thread;
	struct mailbox *mailbox;
};

struct discover *discover_new(const struct discover_options *o, struct scan_cache *files,
			      struct links *hooks)
{
	struct discover *d = xcalloc(1, sizeof(*d));

	*d = (struct discover){ .o = o, .files = files, .hooks = hooks };
	scan_cache_identify("/proc/self/exe", &d->self);
	d->targets = targets_new(files, hooks);
	d->blind = blind_new(o->filter, files);
	d->mailbox = mailbox_new();
	d->newcomers = newcomers_new(o->hold, o->hold_ns, d->targets, d->mailbox);
	return d;
}

void discover_free(struct discover *d)
{
	if (!d)
		return;
	newcomers_free(d->newcomers);
	targets_free(d->targets);
	blind_free(d->blind);
	install_paths_done(&d->places);
	mailbox_free(d->mailbox);
	free(d->visits);
	free(d->known);
	free(d);
}

static void on_file(void *arg, const char *path, const char *name)
{
	struct discover *d = arg;

	targets_look_at(d->targets, path, name, false);
}

/* ---- processes ---- */

static bool is_this_program(const struct discover *d, const char *path)
{
	struct file_id id;

	return scan_cache_identify(path, &id) == 0 && id.dev == d->self.dev &&
	       id.ino == d->self.ino;
}

/* This program, in whatever process: its compiler has LLVM mapped, which takes long to search, and
 * it has no TLS. */
static bool runs_this_program(const struct discover *d, pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	return is_this_program(d, path);
}

static bool is_ours(const struct discover *d, pid_t pid)
{
	if (runs_this_program(d, pid))
		return false;
	for (size_t i = 0; i < d->o->filter->npids; i++)
		if (d->o->filter->pids[i] == pid)
			return true;
	if (d->o->filter->npids)
		return false;
	return !d->o->command || proc_descends(pid, getpid());
}

/* While one file is searched or hooked, other programs begin. */
static void look_up(void *arg)
{
	struct discover *d = arg;
	struct begun b;

	while (mailbox_peek(d->mailbox, &b))
		if (is_ours(d, b.pid))
			newcomers_begun(d->newcomers, &b);
}

/* To be called often: somebody waits. */
static void attend(struct discover *d)
{
	size_t n = 0;

	do
		look_up(d);
	while (n++ < MAILBOX_HELD && newcomers_look(d->newcomers));
}

static void look_at(struct discover *d, pid_t pid)
{
	attend(d);
	if (mailbox_stopped_ns(d->mailbox) > FINISH_NS)
		return;
	d->stats.processes++;
	targets_look_at_process(d->targets, pid);
}

static void look_at_all(struct discover *d)
{
	pid_t *all;
	size_t n = proc_list(&all);

	for (size_t i = 0; i < n; i++)
		if (is_ours(d, all[i]))
			look_at(d, all[i]);
	d->crowded |= targets_take_waiting(d->targets);
	free(d->known);
	d->known = all;
	d->nknown = n;
}

void discover_first(struct discover *d)
{
	uint64_t begin = now_ns();

	for (size_t i = 0; i < d->o->nnamed; i++)
		targets_look_at(d->targets, d->o->named[i], d->o->named[i], true);
	install_paths_linker(d->o->command ? getenv("LD_LIBRARY_PATH") : NULL, on_file, d);
	if (d->o->command)
		install_paths_command(d->o->command, on_file, d);
	else
		look_at_all(d);
	d->stats.scan_ns = now_ns() - begin;
}

void discover_prepare(struct discover *d)
{
	targets_set_ahead(d->targets, true);
	discover_first(d);
	targets_set_ahead(d->targets, false);
	targets_expect_known(d->targets);
	d->stats = (struct discover_stats){ 0 };
}

static void try_again(struct discover *d)
{
	for (size_t i = 0; i < d->o->nnamed; i++)
		targets_look_at(d->targets, d->o->named[i], d->o->named[i], true);
	install_paths_linker(d->o->command ? getenv("LD_LIBRARY_PATH") : NULL, on_file, d);
	if (!d->o->filter->npids)
		look_at_all(d);
}

/* ---- what is blind ---- */

static bool is_of_user(const struct discover *d, pid_t pid)
{
	return filter_has_uid(d->o->filter, (uint32_t)proc_uid(pid));
}

void discover_note_blind(struct discover *d)
{
	struct sockets conns;

	sockets_scan(&conns);
	for (size_t i = 0; i < conns.count; i++) {
		const struct sockets_row *r = &conns.rows[i];

		if (!is_ours(d, r->pid) || !is_of_user(d, r->pid))
			continue;
		if ((!r->count || blind_remember(d->blind, r->pid, false, r->peer)) &&
		    (!r->udp || blind_remember(d->blind, r->pid, true, r->peer)))
			blind_judge(d->blind, r->pid);
	}
	sockets_done(&conns);
}

size_t discover_watched(struct discover *d, struct buf *out)
{
	watched_write(d->targets, out);
	discover_note_blind(d);
	return blind_settle(d->blind);
}

void discover_each_watched(struct discover *d, void (*fn)(void *arg, pid_t pid), void *arg)
{
	targets_each_watched(d->targets, fn, arg);
}

void discover_hooked(struct discover *d, struct tls_files *ret)
{
	targets_hooked(d->targets, ret);
}

void discover_unseen(struct discover *d, struct unseen *ret)
{
	targets_unseen(d->targets, ret);
	blind_unseen(d->blind, ret);
}

/* ---- visits ---- */

static void visit(struct discover *d, struct visit *v)
{
	struct scan_cache_stats before = scan_cache_stats(d->files);
	pid_t pid = v->pid;

	targets_take_waiting(d->targets);
	look_at(d, pid);
	v->soon_ns = targets_take_waiting(d->targets) ? now_ns() + NEWCOMERS_COMPILED_NS : 0;
	if (!v->soon_ns)
		newcomers_go(d->newcomers, pid);
	if (!d->o->hold)
		watched_say_late(d->targets, pid, &before, d->files);
	if (blind_knows(d->blind, pid))
		blind_judge(d->blind, pid);
}

/* Looks at it now, and later again. */
static void begin_visits(struct discover *d, pid_t pid)
{
	struct visit v = { .pid = pid, .begun_ns = now_ns() };
	size_t i = 0;

	visit(d, &v);
	while (i < d->nvisits && d->visits[i].pid != pid)
		i++;
	if (i == d->o->recent_execs_max) {
		d->crowded = true;
		return;
	}
	if (i == d->nvisits) {
		d->visits = xgrow(d->visits, d->nvisits, sizeof(*d->visits));
		d->nvisits++;
	}
	d->visits[i] = v;
}

static uint64_t stage_ns(const struct visit *v)
{
	return v->stage < AGAIN ? v->begun_ns + again_ns[v->stage] : UINT64_MAX;
}

static uint64_t due_ns(const struct visit *v)
{
	return v->soon_ns && v->soon_ns < stage_ns(v) ? v->soon_ns : stage_ns(v);
}

static void make_visits(struct discover *d)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->nvisits; i++) {
		struct visit v = d->visits[i];

		uint64_t now = now_ns();

		if (due_ns(&v) <= now) {
			v.stage += stage_ns(&v) <= now;
			visit(d, &v);
		}
		if (v.stage < AGAIN || v.soon_ns)
			d->visits[kept++] = v;
	}
	d->nvisits = kept;
}

void discover_class(struct discover *d, pid_t pid, enum traffic_class looks, uint64_t bytes)
{
	struct verdict one = { .pid = pid, .looks = looks, .times = 1, .bytes = bytes };

	if (d->stopped)
		targets_verdict(d->targets, &one);
	else
		mailbox_class(d->mailbox, pid, looks, bytes);
}

/* ---- the thread ---- */

static bool was_known(const struct discover *d, pid_t pid)
{
	size_t low = 0, high = d->nknown;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (d->known[middle] == pid)
			return true;
		if (d->known[middle] < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* Processes that no event told of; chosen ones are looked at each time, since they are few. */
static void poll_processes(struct discover *d)
{
	pid_t *all;
	size_t n;

	d->polled_ns = now_ns();
	blind_tell(d->blind);
	blind_forget_gone(d->blind);
	targets_look_after(d->targets, d->polled_ns);
	if (targets_take_retry(d->targets, d->polled_ns))
		try_again(d);
	if (d->o->strict)
		discover_note_blind(d);
	for (size_t i = 0; i < d->o->filter->npids; i++)
		look_at(d, d->o->filter->pids[i]);
	if (d->o->filter->npids)
		return;
	if (d->crowded) {
		d->crowded = false;
		d->stats.overflows++;
		look_at_all(d);
	}
	n = proc_list(&all);
	for (size_t i = 0; i < n; i++)
		if (!was_known(d, all[i]) && is_ours(d, all[i]))
			begin_visits(d, all[i]);
	free(d->known);
	d->known = all;
	d->nknown = n;
}

/* When there is something to do without news. */
static uint64_t next_ns(const struct discover *d)
{
	uint64_t next = d->polled_ns + POLL_NS;

	for (size_t i = 0; i < d->nvisits; i++)
		if (due_ns(&d->visits[i]) < next)
			next = due_ns(&d->visits[i]);
	if (newcomers_next_ns(d->newcomers) < next)
		next = newcomers_next_ns(d->newcomers);
	if (d->places.count && d->place_ns < next)
		next = d->place_ns;
	return !d->prefetched && d->prefetch_ns < next ? d->prefetch_ns : next;
}

static void on_uncarried(struct discover *d, const struct uncarried *u)
{
	blind_uncarried(d->blind, u, d->targets);
}

/* While it is looked at again anyway, only its first connection needs a look of its own. */
static void on_opened(struct discover *d, const struct opened *o)
{
	bool known = blind_knows(d->blind, o->pid);
	size_t i = 0;

	if (!o->https) {
		blind_look(d->blind, o->pid);
		return;
	}
	if (!is_ours(d, o->pid) || !is_of_user(d, o->pid) ||
	    !blind_remember(d->blind, o->pid, false, o->peer))
		return;
	while (i < d->nvisits && d->visits[i].pid != o->pid)
		i++;
	if (i == d->nvisits && !d->stopped)
		begin_visits(d, o->pid); /* and judges it */
	else if (!known)
		blind_judge(d->blind, o->pid);
}

static void look_at_a_place(struct discover *d)
{
	char *path = d->places.items[d->places.count - 1];

	attend(d);
	if (targets_would_wait(d->targets, path)) {
		memmove(d->places.items + 1, d->places.items,
			(d->places.count - 1) * sizeof(*d->places.items));
		d->places.items[0] = path;
		d->place_ns = now_ns() + PLACE_NS;
		return;
	}
	d->places.count--;
	on_file(d, path, path);
	free(path);
}

/* A program that has not run yet may need programs for the kernel that no other did, and would make
 * its first calls while they are compiled. */
static void prefetch(struct discover *d)
{
	if (d->prefetched || now_ns() < d->prefetch_ns)
		return;
	d->prefetched = links_prefetch(d->hooks);
	d->prefetch_ns = now_ns() + PREFETCH_NS;
}

static void work_off(struct discover *d, const struct batch *n)
{
	bool ours[MAILBOX_BEGUN];

	/* Before the first search, which may take its time. */
	for (size_t i = 0; i < n->nbegun; i++) {
		ours[i] = is_ours(d, n->begun[i].pid);
		if (ours[i] && i >= n->peeked)
			newcomers_begun(d->newcomers, &n->begun[i]);
	}
	attend(d);
	for (size_t i = 0; i < n->nbegun; i++)
		if (ours[i])
			begin_visits(d, n->begun[i].pid);
	for (size_t i = 0; i < n->nopened; i++)
		on_opened(d, &n->opened[i]);
	for (size_t i = 0; i < n->nuncarried; i++)
		on_uncarried(d, &n->uncarried[i]);
	if (n->overflow) {
		d->stats.overflows++;
		look_at_all(d);
	}
	for (size_t i = 0; i < n->nverdicts; i++)
		targets_verdict(d->targets, &n->verdicts[i]);
}

static void *run(void *arg)
{
	struct discover *d = arg;
	const struct batch *n;

	/* A library that a running program has mapped is hooked before it is called, or its first
	 * calls are lost. */
	urgent_thread();
	targets_do_not_wait(d->targets);
	scan_cache_meanwhile(d->files, look_up, d);
	/* What began while the first look was taken and the probe not yet told of it. */
	if (!d->o->command)
		look_at_all(d);
	/* A command's processes are held until what they run was searched. */
	if (!d->o->filter->npids && !d->o->command)
		install_paths_usual(&d->places);
	while ((n = mailbox_wait(d->mailbox, next_ns(d)))) {
		work_off(d, n);
		make_visits(d);
		if (now_ns() - d->polled_ns >= POLL_NS)
			poll_processes(d);
		if (d->places.count && now_ns() >= d->place_ns)
			look_at_a_place(d);
		prefetch(d);
	}
	return NULL;
}

int discover_start(struct discover *d)
{
	return -pthread_create(&d->thread, NULL, run, d);
}

void discover_process(struct discover *d, pid_t pid, pid_t tid)
{
	mailbox_begun(d->mailbox, pid, tid);
}

bool discover_held(struct discover *d, const struct held_file *f)
{
	return mailbox_held(d->mailbox, f);
}

void discover_connected(struct discover *d, pid_t pid, const struct endpoints *ends)
{
	mailbox_connected(d->mailbox, pid, true, ends);
}

void discover_tls(struct discover *d, pid_t pid, const struct endpoints *ends)
{
	mailbox_connected(d->mailbox, pid, false, ends);
}

void discover_uncarried(struct discover *d, const struct uncarried *u)
{
	if (d->stopped)
		on_uncarried(d, u);
	else
		mailbox_uncarried(d->mailbox, u);
}

bool discover_stop(struct discover *d)
{
	const struct batch *rest;
	struct timespec until;

	mailbox_stop(d->mailbox);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += STOP_SECONDS;
	if (pthread_timedjoin_np(d->thread, NULL, &until) != 0)
		return false;
	d->stopped = true;
	scan_cache_meanwhile(d->files, NULL, NULL);
	newcomers_stop(d->newcomers);
	targets_stop(d->targets);
	/* What was told too late for the thread. */
	rest = mailbox_rest(d->mailbox);
	for (size_t i = 0; i < rest->nverdicts; i++)
		targets_verdict(d->targets, &rest->verdicts[i]);
	for (size_t i = 0; i < rest->nopened; i++)
		on_opened(d, &rest->opened[i]);
	for (size_t i = 0; i < rest->nuncarried; i++)
		on_uncarried(d, &rest->uncarried[i]);
	return true;
}

const struct target_list *discover_targets(const struct discover *d)
{
	return targets_list(d->targets);
}

struct discover_stats discover_stats(const struct discover *d)
{
	struct discover_stats s = d->stats;

	s.unjudged = blind_unjudged(d->blind);
	return s;
}
