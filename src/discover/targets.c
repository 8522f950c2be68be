/* SPDX-License-Identifier: MIT */
#include "discover/targets.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "proc/list.h"
#include "proc/maps.h"

/* What failed for want of memory or descriptors is tried again: at first, and at most so much
 * later. */
#define RETRY_NS      10000000000ull
#define RETRY_DOUBLED 5
/* How often it is asked who maps hooked files that were deleted. */
#define SWEEP_NS 10000000000ull
/* Processes of which it is known what they map, by number; and targets of each. */
#define USERS	     4096
#define USER_TARGETS 8

/* The targets that a process maps: what passes in it passed one of them. */
struct user {
	pid_t pid;
	uid_t uid;
	unsigned targets[USER_TARGETS], count;
};

struct targets {
	struct scan_cache *files;
	struct links *hooks; /* NULL: all was detached */
	struct target_list list;
	struct user *users;  /* USERS */
	struct user looking; /* the process that is looked at; pid 0: none maps what is */
	bool ahead;	     /* nothing is hooked yet */
	bool waiting;	     /* targets_take_waiting */
	uint64_t swept_ns;
	uint64_t retry_ns;  /* when something is to be tried again; 0: nothing */
	bool said_unopened; /* that a file cannot be opened */
	pthread_mutex_t lock;
	struct unseen given_up; /* under the lock, as is: */
	struct tls_files hooked;
};

struct targets *targets_new(struct scan_cache *files, struct links *hooks)
{
	struct targets *ts = xcalloc(1, sizeof(*ts));

	*ts = (struct targets){ .files = files, .hooks = hooks };
	ts->users = xcalloc(USERS, sizeof(*ts->users));
	pthread_mutex_init(&ts->lock, NULL);
	return ts;
}

void targets_free(struct targets *ts)
{
	target_list_done(&ts->list);
	tls_files_done(&ts->hooked);
	unseen_done(&ts->given_up);
	pthread_mutex_destroy(&ts->lock);
	free(ts->users);
	free(ts);
}

void targets_stop(struct targets *ts)
{
	ts->hooks = NULL;
}

void targets_set_ahead(struct targets *ts, bool ahead)
{
	ts->ahead = ahead;
}

const struct target_list *targets_list(const struct targets *ts)
{
	return &ts->list;
}

void targets_unseen(struct targets *ts, struct unseen *ret)
{
	pthread_mutex_lock(&ts->lock);
	unseen_copy(ret, &ts->given_up);
	pthread_mutex_unlock(&ts->lock);
}

void targets_hooked(struct targets *ts, struct tls_files *ret)
{
	pthread_mutex_lock(&ts->lock);
	tls_files_copy(ret, &ts->hooked);
	pthread_mutex_unlock(&ts->lock);
}

static void note_hooked(struct targets *ts, const struct target *t)
{
	const struct tls_file f = { .dev = t->overlay ? 0 : t->id.dev,
				    .ino = t->id.ino,
				    .name = t->name,
				    .found = t->found };

	if (!t->tls || !t->links.hooked || !t->found)
		return;
	pthread_mutex_lock(&ts->lock);
	tls_files_put(&ts->hooked, &f);
	pthread_mutex_unlock(&ts->lock);
}

/* ---- one file ---- */

static bool is_overlay(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC;
}

static void let_go(struct targets *ts, struct target *t)
{
	if (t->links.hooked)
		links_detach(ts->hooks, &t->links);
	if (t->file >= 0)
		close(t->file);
	t->file = -1;
}

static void retry_at(struct targets *ts, uint64_t ns)
{
	if (!ts->retry_ns || ns < ts->retry_ns)
		ts->retry_ns = ns;
}

/* The same file under an earlier identity. Its links or mode may have changed, as when a package
 * manager removes it; or it was written to: then its probes may stand within instructions by now.
 * NULL when it has to be hooked anew. */
static struct target *settle_older(struct targets *ts, const struct catalog_entry *e)
{
	struct target *old = target_find_older(&ts->list, &e->id);

	if (!old)
		return NULL;
	if ((old->links.hooked || old->noisy) &&
	    memcmp(old->check, e->check, sizeof(old->check)) == 0) {
		old->id = e->id;
		return old;
	}
	old->changed = true;
	let_go(ts, old);
	log_debug("attach", "%s has changed", old->name);
	return NULL;
}

/* The process that is looked at maps it. */
static void note_user(struct targets *ts, struct target *t)
{
	if (!ts->looking.pid)
		return;
	t->mapped = true;
	class_votes_user(&t->tally, ts->looking.uid);
	if (t->tls && t->links.hooked && ts->looking.count < USER_TARGETS)
		ts->looking.targets[ts->looking.count++] = (unsigned)(t - ts->list.items);
}

static void attach(struct targets *ts, struct target *t, const struct catalog_entry *e, int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	t->changed = false;
	free(t->found);
	t->found = plan_text(&e->plan);
	t->tls = plan_has_tls(&e->plan);
	links_attach(ts->hooks, &t->links, fd, &e->plan);
	t->hooked_ns = t->links.hooked && !t->links.waiting ? now_ns() : 0;
	note_hooked(ts, t);
	if (t->links.hooked && t->file < 0)
		t->file = open(path, O_PATH | O_CLOEXEC);
	if (t->links.waiting) {
		ts->waiting = true;
		t->again_ns = 1; /* whenever it is looked at again */
		return;
	}
	if ((!t->links.hooked || t->links.unfinished) && !t->tries)
		log_warn("attach", "%s is %s: %s", t->name,
			 t->links.hooked ? "only partly hooked" : "not hooked", t->links.problem);
	t->again_ns = t->links.unfinished ? now_ns() + (RETRY_NS << t->tries) : 0;
	t->tries += t->tries < RETRY_DOUBLED;
	if (t->again_ns)
		retry_at(ts, t->again_ns);
}

/* What was given up for the noise of some users' processes is tried again for another's. */
static bool is_for_another(struct targets *ts, struct target *t)
{
	if (!t->noisy || !ts->looking.pid || !class_votes_user(&t->tally, ts->looking.uid))
		return false;
	t->noisy = false;
	t->tries = 0;
	pthread_mutex_lock(&ts->lock);
	unseen_drop_file(&ts->given_up, t->name);
	pthread_mutex_unlock(&ts->lock);
	return true;
}

static void hook_file(struct targets *ts, const struct catalog_entry *e, int fd, const char *name,
		      bool named)
{
	bool overlay = is_overlay(fd);
	struct target *t = target_find(&ts->list, &e->id, overlay);

	if (!t)
		t = settle_older(ts, e);
	if (!t) {
		t = target_add(&ts->list, e, name);
		t->overlay = overlay;
		t->guess = plan_is_guess(&e->plan) && !named;
		attach(ts, t, e, fd);
	} else if (is_for_another(ts, t) || (t->again_ns && !t->noisy && now_ns() >= t->again_ns)) {
		attach(ts, t, e, fd);
	} else if (t->again_ns && !t->noisy) {
		retry_at(ts, t->again_ns); /* one that failed earlier was due before it */
	}
	t->named |= named;
	note_user(ts, t);
}

/* Not that it is gone: then nobody maps it any more; nor that its search failed or was killed,
 * which was said. */
static void note_unopened(struct targets *ts, const char *name, int err)
{
	if (err != -EIO && err_is_transient(err))
		retry_at(ts, now_ns() + RETRY_NS);
	if (!ts->said_unopened && err != -EAGAIN && err != -ENOENT && err != -ESRCH &&
	    err != -EINVAL && err != -EIO) {
		ts->said_unopened = true;
		log_warn("attach", "cannot open %s: %s (--debug lists further files)", name,
			 strerror(-err));
	} else {
		log_debug("attach", "cannot open %s: %s", name, strerror(-err));
	}
}

/* What a named file lacks is said with its name. */
static void note_nothing(struct targets *ts, const struct catalog_entry *e, const char *name)
{
	struct target *t;

	if (target_find(&ts->list, &e->id, false))
		return;
	t = target_add(&ts->list, e, name);
	t->named = t->tls = true;
	t->links.problem = xstrdup("no known TLS implementation was found in it");
	log_warn("attach", "%s is not hooked: %s", name, t->links.problem);
}

void targets_look_at(struct targets *ts, const char *path, const char *name, bool named)
{
	const struct catalog_entry *e = NULL;
	int fd, err = scan_cache_scan(ts->files, path, &e, &fd);

	if (err == 0 && fd >= 0 && ts->ahead)
		links_prepare(ts->hooks, &e->plan);
	else if (err == 0 && fd >= 0)
		hook_file(ts, e, fd, name, named);
	else if (e)
		settle_older(ts, e); /* what holds nothing now may have held something */
	if (err && !ts->ahead)
		note_unopened(ts, name, err);
	else if (named && fd < 0 && !ts->ahead)
		note_nothing(ts, e, name);
	if (fd >= 0)
		close(fd);
}

static void on_file(void *arg, const char *path, const char *name)
{
	targets_look_at(arg, path, name, false);
}

static void on_known(void *arg, const char *path, const char *name)
{
	const struct catalog_entry *e;
	struct targets *ts = arg;
	int fd;

	if (scan_cache_known(ts->files, path, &e, &fd) == 0 && fd >= 0)
		hook_file(ts, e, fd, name, false);
	if (fd >= 0)
		close(fd);
}

static void expect(void *arg, const struct plan *plan)
{
	links_expect(arg, plan);
}

void targets_expect_known(struct targets *ts)
{
	scan_cache_each_plan(ts->files, expect, ts->hooks);
}

struct question {
	struct targets *of;
	bool settled;
};

static void ask(void *arg, const char *path, const char *name)
{
	struct question *q = arg;
	const struct catalog_entry *e;
	struct file_id id;
	struct statfs fs;
	const struct target *t;

	if (!q->settled || scan_cache_identify(path, &id) != 0)
		return;
	e = scan_cache_find(q->of->files, &id);
	if (e && !e->plan.nparts)
		return;
	t = e ? target_find(&q->of->list, &id,
			    statfs(path, &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC)
	      : NULL;
	q->settled = t && t->again_ns != 1;
}

bool targets_settled(struct targets *ts, pid_t pid)
{
	struct question q = { .of = ts, .settled = true };

	maps_each(pid, ask, &q);
	return q.settled;
}

/* Of a file that nobody has run yet it is not waited for probes. */
bool targets_would_wait(struct targets *ts, const char *path)
{
	const struct catalog_entry *e;
	int fd, err = scan_cache_scan(ts->files, path, &e, &fd);
	bool wait = err == 0 && fd >= 0 && !links_are_ready(ts->hooks, &e->plan);

	if (fd >= 0)
		close(fd);
	return wait;
}

void targets_do_not_wait(struct targets *ts)
{
	links_set_patient(ts->hooks, false);
}

bool targets_take_waiting(struct targets *ts)
{
	bool waiting = ts->waiting;

	ts->waiting = false;
	return waiting;
}

void targets_look_at_process(struct targets *ts, pid_t pid)
{
	struct user *u = &ts->users[pid % USERS];

	ts->looking = (struct user){ .pid = pid, .uid = proc_uid(pid) };
	/* Of one that has ended, what was known stays: its connections may be reported yet. */
	if (maps_each(pid, on_file, ts) == 0 && (ts->looking.count || u->pid == pid))
		*u = ts->looking;
	ts->looking.pid = 0;
}

void targets_hook_known(struct targets *ts, pid_t pid)
{
	struct user before = ts->looking;

	ts->looking = (struct user){ .pid = pid, .uid = proc_uid(pid) };
	maps_each(pid, on_known, ts);
	ts->looking = before;
}

static bool is_watched(const struct targets *ts, const struct user *u)
{
	for (unsigned i = 0; i < u->count; i++) {
		const struct target *t = &ts->list.items[u->targets[i]];

		if (t->tls && t->links.hooked)
			return true;
	}
	return false;
}

bool targets_watch(const struct targets *ts, pid_t pid)
{
	const struct user *u = &ts->users[pid % USERS];

	return u->pid == pid && is_watched(ts, u);
}

uint64_t targets_hooked_ns(const struct targets *ts, pid_t pid)
{
	const struct user *u = &ts->users[pid % USERS];
	uint64_t last = 0;

	for (unsigned i = 0; u->pid == pid && i < u->count; i++) {
		const struct target *t = &ts->list.items[u->targets[i]];

		if (t->tls && t->hooked_ns > last)
			last = t->hooked_ns;
	}
	return last;
}

bool targets_have(const struct targets *ts, const char *name)
{
	for (size_t i = 0; i < ts->list.count; i++) {
		const struct target *t = &ts->list.items[i];

		if (t->tls && t->links.hooked && strcmp(t->name, name) == 0)
			return true;
	}
	return false;
}

bool targets_lack(const struct targets *ts, const char *name)
{
	for (size_t i = 0; i < ts->list.count; i++) {
		const struct target *t = &ts->list.items[i];

		if (t->tls && !t->links.hooked && !t->changed && strcmp(t->name, name) == 0)
			return true;
	}
	return false;
}

void targets_each_watched(const struct targets *ts, void (*fn)(void *arg, pid_t pid), void *arg)
{
	for (size_t i = 0; i < USERS; i++)
		if (ts->users[i].pid && is_watched(ts, &ts->users[i]))
			fn(arg, ts->users[i].pid);
}

/* ---- hooked files later on ---- */

/* Written over in place: its probes stand within other instructions now, whoever maps it. */
static void look_after(struct targets *ts, size_t i, const struct statx *now)
{
	const struct target *t = &ts->list.items[i];
	char path[32];

	if (now->stx_size == t->id.size &&
	    (uint64_t)now->stx_mtime.tv_sec * 1000000000 + now->stx_mtime.tv_nsec == t->id.mtime_ns)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->file);
	on_file(ts, path, t->name);
}

static void note_mapped(void *arg, unsigned long ino)
{
	struct target_list *l = arg;

	for (size_t i = 0; i < l->count; i++)
		if (l->items[i].id.ino == ino)
			l->items[i].kept = true;
}

/* Deleted ones that nobody maps take up room on disk and descriptors for nothing. Processes that
 * may not be looked at do not count: there is one on some hosts always, and what it maps was never
 * known. */
static void let_go_of_deleted(struct targets *ts)
{
	struct target_list *l = &ts->list;
	pid_t *all;
	size_t n = proc_list(&all);

	for (size_t i = 0; i < l->count; i++)
		l->items[i].kept = !l->items[i].deleted || l->items[i].overlay;
	for (size_t i = 0; i < n; i++)
		maps_inodes(all[i], note_mapped, l);
	free(all);
	for (size_t i = 0; i < l->count; i++) {
		struct target *t = &l->items[i];

		if (t->kept || !t->links.hooked)
			continue;
		log_debug("attach", "%s was deleted and no process maps it: detached", t->name);
		let_go(ts, t);
		t->changed = true;
		t->again_ns = 1; /* whenever it is mapped again */
		t->tries = 0;
	}
}

void targets_look_after(struct targets *ts, uint64_t now_ns)
{
	size_t count = ts->list.count;
	bool deleted = false;

	for (size_t i = 0; i < count; i++) {
		struct target *t = &ts->list.items[i];
		struct statx now;

		/* A file system that does not answer is not waited for. */
		if (!t->links.hooked || t->file < 0 ||
		    statx(t->file, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS,
			  &now) != 0)
			continue;
		t->deleted = now.stx_nlink == 0;
		deleted |= t->deleted;
		look_after(ts, i, &now);
	}
	if (deleted && now_ns - ts->swept_ns >= SWEEP_NS) {
		ts->swept_ns = now_ns;
		let_go_of_deleted(ts);
	}
}

bool targets_take_retry(struct targets *ts, uint64_t now_ns)
{
	bool due = ts->retry_ns && now_ns >= ts->retry_ns;

	if (due)
		ts->retry_ns = 0;
	return due;
}

/* ---- what yields noise ---- */

static void give_up(struct targets *ts, struct target *t)
{
	char *why =
		xasprintf("detached: its TLS library was a guess, and the data read from it is not "
			  "plaintext (%llu samples, %llu bytes)",
			  (unsigned long long)t->tally.noise, (unsigned long long)t->tally.bytes);

	log_warn("attach", "%s (%s): %s", t->name, t->found, why);
	if (ts->hooks)
		links_detach(ts->hooks, &t->links);
	t->links.hooked = false;
	t->noisy = true;
	free(t->links.problem);
	t->links.problem = why;
	pthread_mutex_lock(&ts->lock);
	unseen_add_file(&ts->given_up, t->name, t->overlay ? 0 : t->id.dev, t->id.ino, why,
			"report a bug and attach the file");
	pthread_mutex_unlock(&ts->lock);
}

/* Noise counts only where it cannot have come from another target than this one. */
void targets_verdict(struct targets *ts, const struct verdict *v)
{
	const struct user *u = &ts->users[v->pid % USERS];

	for (unsigned i = 0; u->pid == v->pid && i < u->count; i++) {
		struct target *t = &ts->list.items[u->targets[i]];

		t->used = true;
		if (!t->guess || !t->links.hooked ||
		    (v->looks == TRAFFIC_UNINTELLIGIBLE && u->count > 1))
			continue;
		for (uint64_t n = 0; n < v->times; n++)
			class_votes_add(&t->tally, u->uid, v->looks, n ? 0 : v->bytes);
		if (class_votes_reject(&t->tally))
			give_up(ts, t);
	}
}
