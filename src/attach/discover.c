/* SPDX-License-Identifier: MIT */
/* A process is looked at when the kernel tells of it, and again a while later: right after its exec
 * it has mapped its program, but not yet its libraries, and where no dynamic linker tells (attach/
 * find_linker.c) there is no sign of those. Once a second /proc is asked for processes that no
 * event told of. */
#include "attach/discover.h"

#include <errno.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "attach/coverage.h"
#include "attach/maps.h"
#include "attach/places.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"

#define QUEUE	     1024
#define POLL_NS	     1000000000ull
#define STOP_SECONDS 5
/* Processes remembered as blind: beyond, there is nothing more to be learnt. */
#define BLIND_MAX 1024

/* When a process is looked at again, after the event. */
static const uint64_t again_ns[] = { 200000000, 1000000000, 5000000000 };
#define AGAIN (sizeof(again_ns) / sizeof(*again_ns))

/* A process that will be looked at again. */
struct visit {
	pid_t pid;
	size_t stage; /* of again_ns */
	uint64_t begun_ns;
};

struct discover {
	const struct discover_options *o;
	struct files *files;
	struct hooks *hooks;
	struct file_id self; /* the program that runs here */
	struct target_list targets;
	struct discover_stats stats;
	struct blind *blind;
	size_t nblind;
	bool mapped; /* what is looked at is mapped by a process */
	bool ahead;  /* nothing is hooked yet: see discover_prepare */
	/* The thread's own. */
	struct visit *visits;
	size_t nvisits;
	bool crowded; /* there was no room for one */
	pid_t *known; /* at the last look into /proc, in rising order */
	size_t nknown;
	uint64_t polled_ns;
	struct paths places;
	/* Shared, under the lock. */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t news;
	pid_t queue[QUEUE];
	size_t queued;
	bool overflow, stop;
};

struct discover *discover_new(const struct discover_options *o, struct files *files,
			      struct hooks *hooks)
{
	struct discover *d = xcalloc(1, sizeof(*d));
	pthread_condattr_t attr;

	*d = (struct discover){ .o = o, .files = files, .hooks = hooks };
	files_identify("/proc/self/exe", &d->self);
	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&d->news, &attr);
	pthread_condattr_destroy(&attr);
	return d;
}

void discover_free(struct discover *d)
{
	if (!d)
		return;
	target_list_done(&d->targets);
	paths_done(&d->places);
	for (size_t i = 0; i < d->nblind; i++) {
		free(d->blind[i].program);
		free(d->blind[i].reason);
	}
	free(d->blind);
	pthread_cond_destroy(&d->news);
	pthread_mutex_destroy(&d->lock);
	free(d->visits);
	free(d->known);
	free(d);
}

/* ---- one file ---- */

static bool is_overlay(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC;
}

/* The same file under an earlier identity. Its links or mode may have changed, as when a package
 * manager removes it; or it was written to: then its probes may stand within instructions by now.
 * True when what is hooked is right. */
static bool settle_older(struct discover *d, const struct catalog_entry *e)
{
	struct target *old = target_find_older(&d->targets, &e->id);

	if (!old)
		return false;
	if (old->hooked && memcmp(old->check, e->check, sizeof(old->check)) == 0) {
		old->id = e->id;
		return true;
	}
	old->changed = true;
	if (old->hooked)
		hooks_detach(d->hooks, old);
	log_debug("attach", "%s has changed", old->name);
	return false;
}

static void hook_file(struct discover *d, const struct catalog_entry *e, int fd, const char *name,
		      bool named)
{
	bool overlay = is_overlay(fd);
	struct target *t = target_find(&d->targets, &e->id, overlay);

	if (t) {
		t->named |= named;
		t->mapped |= d->mapped;
		return;
	}
	if (settle_older(d, e))
		return;
	t = target_add(&d->targets, e, name);
	t->overlay = overlay;
	t->named = named;
	t->mapped = d->mapped;
	if (hooks_attach(d->hooks, t, fd, &e->plan) != 0)
		log_warn("attach", "%s is not hooked: %s", name, t->problem);
}

static void on_file(void *arg, const char *path, const char *name)
{
	struct discover *d = arg;
	const struct catalog_entry *e;
	int fd, err = files_look(d->files, path, &e, &fd);

	if (err == 0 && fd >= 0 && d->ahead)
		hooks_prepare(d->hooks, &e->plan);
	else if (err == 0 && fd >= 0)
		hook_file(d, e, fd, name, false);
	else if (err && !d->ahead)
		log_debug("attach", "%s cannot be looked at: %s", name, strerror(-err));
	if (fd >= 0)
		close(fd);
}

/* What a named file lacks is said with its name. */
static void note_nothing(struct discover *d, const struct catalog_entry *e, const char *name)
{
	struct target *t = target_add(&d->targets, e, name);

	t->named = t->tls = true;
	t->problem = xstrdup("no TLS implementation that is known was found in it");
	log_warn("attach", "%s is not hooked: %s", name, t->problem);
}

static void look_at_named(struct discover *d, const char *path)
{
	const struct catalog_entry *e;
	int fd, err = files_look(d->files, path, &e, &fd);

	if (err == 0 && fd >= 0 && d->ahead)
		hooks_prepare(d->hooks, &e->plan);
	else if (err == 0 && fd >= 0)
		hook_file(d, e, fd, path, true);
	else if (err == 0 && !d->ahead)
		note_nothing(d, e, path);
	if (fd >= 0)
		close(fd);
}

/* ---- processes ---- */

static void look_at(struct discover *d, pid_t pid)
{
	d->stats.processes++;
	d->mapped = true;
	maps_each(pid, on_file, d);
	d->mapped = false;
}

/* This program, in whatever process: its compiler has LLVM mapped, which takes long to search, and
 * it has no TLS. */
static bool runs_this_program(const struct discover *d, pid_t pid)
{
	struct file_id id;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	return files_identify(path, &id) == 0 && id.dev == d->self.dev && id.ino == d->self.ino;
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
	return !d->o->command || maps_descends(pid, getpid());
}

static void look_at_all(struct discover *d)
{
	pid_t *all;
	size_t n = maps_processes(&all);

	for (size_t i = 0; i < n; i++)
		if (is_ours(d, all[i]))
			look_at(d, all[i]);
	free(d->known);
	d->known = all;
	d->nknown = n;
}

void discover_first(struct discover *d)
{
	uint64_t begin = now_ns();

	for (size_t i = 0; i < d->o->nnamed; i++)
		look_at_named(d, d->o->named[i]);
	places_linker(d->o->command ? getenv("LD_LIBRARY_PATH") : NULL, on_file, d);
	if (d->o->command)
		places_command(d->o->command, on_file, d);
	else
		look_at_all(d);
	d->stats.scan_ns = now_ns() - begin;
}

void discover_prepare(struct discover *d)
{
	d->ahead = true;
	discover_first(d);
	d->ahead = false;
	d->stats = (struct discover_stats){ 0 };
}

/* Looks at it now, and later again. */
static void begin_visits(struct discover *d, pid_t pid)
{
	size_t i = 0;

	look_at(d, pid);
	while (i < d->nvisits && d->visits[i].pid != pid)
		i++;
	if (i == d->o->starts_max) {
		d->crowded = true;
		return;
	}
	if (i == d->nvisits) {
		d->visits = xgrow(d->visits, d->nvisits, sizeof(*d->visits));
		d->nvisits++;
	}
	d->visits[i] = (struct visit){ .pid = pid, .begun_ns = now_ns() };
}

static uint64_t due_ns(const struct visit *v)
{
	return v->begun_ns + again_ns[v->stage];
}

static void make_visits(struct discover *d)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->nvisits; i++) {
		struct visit v = d->visits[i];

		if (due_ns(&v) <= now_ns()) {
			look_at(d, v.pid);
			v.stage++;
		}
		if (v.stage < AGAIN)
			d->visits[kept++] = v;
	}
	d->nvisits = kept;
}

/* ---- what is blind ---- */

static bool is_named(const struct discover *d, const char *program)
{
	bool found = d->o->filter->nnames == 0;

	for (size_t i = 0; i < d->o->filter->nnames && !found; i++)
		found = strcmp(d->o->filter->names[i], program) == 0;
	return found;
}

static bool is_of_user(const struct discover *d, pid_t pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return !d->o->filter->has_uid || (stat(path, &st) == 0 && st.st_uid == d->o->filter->uid);
}

static void note_if_blind(struct discover *d, const struct conns *conns, pid_t pid)
{
	struct coverage c;

	for (size_t i = 0; i < d->nblind; i++)
		if (d->blind[i].pid == pid)
			return;
	if (coverage_of(d->files, conns, pid, &c) == 0 && c.reason && is_named(d, c.program)) {
		d->blind = xgrow(d->blind, d->nblind, sizeof(*d->blind));
		d->blind[d->nblind++] = (struct blind){ .pid = pid,
							.program = xstrdup(c.program),
							.reason = xstrdup(c.reason) };
	}
	coverage_done(&c);
}

void discover_note_blind(struct discover *d)
{
	struct conns conns;

	conns_scan(&conns);
	for (size_t i = 0; i < conns.count && d->nblind < BLIND_MAX; i++)
		if (is_ours(d, conns.rows[i].pid) && is_of_user(d, conns.rows[i].pid))
			note_if_blind(d, &conns, conns.rows[i].pid);
	conns_done(&conns);
}

const struct blind *discover_blind(const struct discover *d, size_t *ret_count)
{
	*ret_count = d->nblind;
	return d->blind;
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
	n = maps_processes(&all);
	for (size_t i = 0; i < n; i++)
		if (!was_known(d, all[i]) && is_ours(d, all[i]))
			begin_visits(d, all[i]);
	free(d->known);
	d->known = all;
	d->nknown = n;
}

/* Takes what is queued; waits for it until the next thing to do. False: stop. */
static bool wait_for_news(struct discover *d, pid_t *ret, size_t *ret_count, bool *ret_overflow)
{
	uint64_t until = d->polled_ns + POLL_NS;
	struct timespec t;
	bool stop;

	for (size_t i = 0; i < d->nvisits; i++)
		if (due_ns(&d->visits[i]) < until)
			until = due_ns(&d->visits[i]);
	if (d->places.count)
		until = 0;
	t = (struct timespec){ .tv_sec = (time_t)(until / 1000000000),
			       .tv_nsec = (long)(until % 1000000000) };
	pthread_mutex_lock(&d->lock);
	while (!d->queued && !d->stop && !d->overflow)
		if (pthread_cond_timedwait(&d->news, &d->lock, &t) != 0)
			break;
	*ret_count = d->queued;
	memcpy(ret, d->queue, d->queued * sizeof(*ret));
	*ret_overflow = d->overflow;
	d->queued = 0;
	d->overflow = false;
	stop = d->stop;
	pthread_mutex_unlock(&d->lock);
	return !stop;
}

static void look_at_a_place(struct discover *d)
{
	char *path = d->places.items[--d->places.count];

	on_file(d, path, path);
	free(path);
}

static void *run(void *arg)
{
	struct discover *d = arg;
	pid_t pids[QUEUE];
	size_t count = 0;
	bool overflow = false;

	/* What began while the first look was taken and the probe not yet told of it. */
	if (!d->o->command)
		look_at_all(d);
	if (!d->o->filter->npids)
		places_usual(&d->places);
	while (wait_for_news(d, pids, &count, &overflow)) {
		for (size_t i = 0; i < count; i++)
			if (is_ours(d, pids[i]))
				begin_visits(d, pids[i]);
		if (overflow) {
			d->stats.overflows++;
			look_at_all(d);
		}
		make_visits(d);
		if (now_ns() - d->polled_ns >= POLL_NS)
			poll_processes(d);
		if (d->places.count)
			look_at_a_place(d);
	}
	return NULL;
}

int discover_start(struct discover *d)
{
	return -pthread_create(&d->thread, NULL, run, d);
}

void discover_process(struct discover *d, pid_t pid)
{
	bool there = false;

	pthread_mutex_lock(&d->lock);
	for (size_t i = 0; i < d->queued && !there; i++)
		there = d->queue[i] == pid;
	if (!there && d->queued < QUEUE)
		d->queue[d->queued++] = pid;
	else if (!there)
		d->overflow = true;
	pthread_cond_signal(&d->news);
	pthread_mutex_unlock(&d->lock);
}

bool discover_stop(struct discover *d)
{
	struct timespec until;

	pthread_mutex_lock(&d->lock);
	d->stop = true;
	pthread_cond_signal(&d->news);
	pthread_mutex_unlock(&d->lock);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += STOP_SECONDS;
	return pthread_timedjoin_np(d->thread, NULL, &until) == 0;
}

const struct target_list *discover_targets(const struct discover *d)
{
	return &d->targets;
}

struct discover_stats discover_stats(const struct discover *d)
{
	return d->stats;
}
