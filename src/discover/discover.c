/* SPDX-License-Identifier: MIT */
/* A process is looked at when the kernel tells of it, and again a while later: right after its exec
 * it has mapped its program, but not yet its libraries, and where no dynamic linker tells (attach/
 * find_linker.c) there is no sign of those. Once a second /proc is asked for processes that no
 * event told of.
 *
 * A process that opens a connection to port 443 is judged at once, and again at each later look:
 * whether it is blind. The last verdict counts; of one that has ended, the last before. */
#include "discover/discover.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "discover/coverage.h"
#include "discover/install_paths.h"
#include "discover/mailbox.h"
#include "proc/list.h"
#include "proc/maps.h"

#define POLL_NS 1000000000ull
/* When it is told to stop, it goes on for so long with what it knows of, and has to be back then:
 * one file or one group of probes more may take its time on a host that is busy. */
#define FINISH_NS    2000000000ull
#define STOP_SECONDS 15
/* Processes that run and are remembered for their connections; and how often those that have ended
 * are sorted out for want of room. */
#define OPENED_MAX 1024
#define FORGET_NS  100000000ull
/* What failed for want of memory or descriptors is tried again: at first, and at most so much
 * later. */
#define RETRY_NS      10000000000ull
#define RETRY_DOUBLED 5
/* How often it is asked who maps hooked files that were deleted. */
#define SWEEP_NS 10000000000ull
/* When a file that nobody has run yet is looked at again, if probes for it are being compiled. */
#define PLACE_NS 50000000ull
/* How often it is asked whether the next programs for the kernel can be compiled. */
#define PREFETCH_NS 50000000ull
/* Processes of which it is known what they map, by number; and targets of each. */
#define USERS	     4096
#define USER_TARGETS 8

/* When a process is looked at again, after the event. */
static const uint64_t again_ns[] = { 200000000, 1000000000, 5000000000 };
#define AGAIN (sizeof(again_ns) / sizeof(*again_ns))

/* A process that will be looked at again. */
struct visit {
	pid_t pid;
	size_t stage; /* of again_ns */
	uint64_t begun_ns;
};

/* The targets that a process maps: what passes in it passed one of them. */
struct user {
	pid_t pid;
	uid_t uid;
	unsigned targets[USER_TARGETS], count;
};

struct discover {
	const struct discover_options *o;
	struct scan_cache *files;
	struct links *hooks;
	struct file_id self; /* the program that runs here */
	struct target_list targets;
	struct discover_stats stats;
	struct user *users;  /* USERS */
	struct user looking; /* the process that is looked at; pid 0: none maps what is */
	bool ahead;	     /* nothing is hooked yet: see discover_prepare */
	/* The thread's own. */
	struct visit *visits;
	size_t nvisits;
	bool crowded; /* there was no room for one */
	pid_t *known; /* at the last look into /proc, in rising order */
	size_t nknown;
	uint64_t polled_ns, forgot_ns, swept_ns;
	uint64_t retry_ns;     /* when something is to be tried again; 0: nothing */
	bool said_unopened;    /* that a file cannot be opened */
	struct sockets opened; /* who has or had connections to port 443 */
	struct install_paths places;
	uint64_t place_ns; /* when the next of them may be looked at */
	bool prefetched;   /* all programs for the kernel are compiled */
	uint64_t prefetch_ns;
	bool stopped;
	pthread_t thread;
	struct mailbox *mailbox;
	/* Shared, under the lock. */
	pthread_mutex_t lock;
	struct unseen blind, given_up;
};

struct discover *discover_new(const struct discover_options *o, struct scan_cache *files,
			      struct links *hooks)
{
	struct discover *d = xcalloc(1, sizeof(*d));

	*d = (struct discover){ .o = o, .files = files, .hooks = hooks };
	scan_cache_identify("/proc/self/exe", &d->self);
	d->users = xcalloc(USERS, sizeof(*d->users));
	d->mailbox = mailbox_new();
	pthread_mutex_init(&d->lock, NULL);
	return d;
}

void discover_free(struct discover *d)
{
	if (!d)
		return;
	target_list_done(&d->targets);
	install_paths_done(&d->places);
	unseen_done(&d->blind);
	unseen_done(&d->given_up);
	sockets_done(&d->opened);
	mailbox_free(d->mailbox);
	pthread_mutex_destroy(&d->lock);
	free(d->visits);
	free(d->known);
	free(d->users);
	free(d);
}

/* ---- one file ---- */

static bool is_overlay(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC;
}

static void let_go(struct discover *d, struct target *t)
{
	if (t->links.hooked)
		links_detach(d->hooks, &t->links);
	if (t->file >= 0)
		close(t->file);
	t->file = -1;
}

static void retry_at(struct discover *d, uint64_t ns)
{
	if (!d->retry_ns || ns < d->retry_ns)
		d->retry_ns = ns;
}

/* The same file under an earlier identity. Its links or mode may have changed, as when a package
 * manager removes it; or it was written to: then its probes may stand within instructions by now.
 * NULL when it has to be hooked anew. */
static struct target *settle_older(struct discover *d, const struct catalog_entry *e)
{
	struct target *old = target_find_older(&d->targets, &e->id);

	if (!old)
		return NULL;
	if ((old->links.hooked || old->noisy) &&
	    memcmp(old->check, e->check, sizeof(old->check)) == 0) {
		old->id = e->id;
		return old;
	}
	old->changed = true;
	let_go(d, old);
	log_debug("attach", "%s has changed", old->name);
	return NULL;
}

/* The process that is looked at maps it. */
static void note_user(struct discover *d, struct target *t)
{
	if (!d->looking.pid)
		return;
	t->mapped = true;
	class_votes_user(&t->tally, d->looking.uid);
	if (t->tls && t->links.hooked && d->looking.count < USER_TARGETS)
		d->looking.targets[d->looking.count++] = (unsigned)(t - d->targets.items);
}

static void attach(struct discover *d, struct target *t, const struct catalog_entry *e, int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	t->changed = false;
	free(t->found);
	t->found = plan_text(&e->plan);
	t->tls = plan_has_tls(&e->plan);
	links_attach(d->hooks, &t->links, fd, &e->plan);
	if (t->links.hooked && t->file < 0)
		t->file = open(path, O_PATH | O_CLOEXEC);
	if ((!t->links.hooked || t->links.unfinished) && !t->tries)
		log_warn("attach", "%s is not hooked%s: %s", t->name,
			 t->links.hooked ? " as a whole" : "", t->links.problem);
	t->again_ns = t->links.unfinished ? now_ns() + (RETRY_NS << t->tries) : 0;
	t->tries += t->tries < RETRY_DOUBLED;
	if (t->again_ns)
		retry_at(d, t->again_ns);
}

/* What was given up for the noise of some users' processes is tried again for another's. */
static bool is_for_another(struct discover *d, struct target *t)
{
	if (!t->noisy || !d->looking.pid || !class_votes_user(&t->tally, d->looking.uid))
		return false;
	t->noisy = false;
	t->tries = 0;
	pthread_mutex_lock(&d->lock);
	unseen_drop_file(&d->given_up, t->name);
	pthread_mutex_unlock(&d->lock);
	return true;
}

static void hook_file(struct discover *d, const struct catalog_entry *e, int fd, const char *name,
		      bool named)
{
	bool overlay = is_overlay(fd);
	struct target *t = target_find(&d->targets, &e->id, overlay);

	if (!t)
		t = settle_older(d, e);
	if (!t) {
		t = target_add(&d->targets, e, name);
		t->overlay = overlay;
		t->guess = plan_is_guess(&e->plan) && !named;
		attach(d, t, e, fd);
	} else if (is_for_another(d, t) || (t->again_ns && !t->noisy && now_ns() >= t->again_ns)) {
		attach(d, t, e, fd);
	} else if (t->again_ns && !t->noisy) {
		retry_at(d, t->again_ns); /* one that failed earlier was due before it */
	}
	t->named |= named;
	note_user(d, t);
}

/* Not that it is gone: then nobody maps it any more; nor that its search failed or was killed,
 * which was said. */
static void note_unopened(struct discover *d, const char *name, int err)
{
	if (err != -EIO && err_is_transient(err))
		retry_at(d, now_ns() + RETRY_NS);
	if (!d->said_unopened && err != -EAGAIN && err != -ENOENT && err != -ESRCH &&
	    err != -EINVAL && err != -EIO) {
		d->said_unopened = true;
		log_warn("attach", "%s cannot be looked at: %s; of others like it, --debug tells",
			 name, strerror(-err));
	} else {
		log_debug("attach", "%s cannot be looked at: %s", name, strerror(-err));
	}
}

/* What a named file lacks is said with its name. */
static void note_nothing(struct discover *d, const struct catalog_entry *e, const char *name)
{
	struct target *t;

	if (target_find(&d->targets, &e->id, false))
		return;
	t = target_add(&d->targets, e, name);
	t->named = t->tls = true;
	t->links.problem = xstrdup("no TLS implementation that is known was found in it");
	log_warn("attach", "%s is not hooked: %s", name, t->links.problem);
}

static void look_at_file(struct discover *d, const char *path, const char *name, bool named)
{
	const struct catalog_entry *e = NULL;
	int fd, err = scan_cache_scan(d->files, path, &e, &fd);

	if (err == 0 && fd >= 0 && d->ahead)
		links_prepare(d->hooks, &e->plan);
	else if (err == 0 && fd >= 0)
		hook_file(d, e, fd, name, named);
	else if (e)
		settle_older(d, e); /* what holds nothing now may have held something */
	if (err && !d->ahead)
		note_unopened(d, name, err);
	else if (named && fd < 0 && !d->ahead)
		note_nothing(d, e, name);
	if (fd >= 0)
		close(fd);
}

static void on_file(void *arg, const char *path, const char *name)
{
	look_at_file(arg, path, name, false);
}

/* ---- processes ---- */

/* The largest number, which nobody has, when it is gone. */
static uid_t uid_of(pid_t pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return stat(path, &st) == 0 ? st.st_uid : (uid_t)-1;
}

static void look_at(struct discover *d, pid_t pid)
{
	struct user *u = &d->users[pid % USERS];

	if (mailbox_stopped_ns(d->mailbox) > FINISH_NS)
		return;
	d->stats.processes++;
	d->looking = (struct user){ .pid = pid, .uid = uid_of(pid) };
	/* Of one that has ended, what was known stays: its connections may be reported yet. */
	if (maps_each(pid, on_file, d) == 0 && (d->looking.count || u->pid == pid))
		*u = d->looking;
	d->looking.pid = 0;
}

/* This program, in whatever process: its compiler has LLVM mapped, which takes long to search, and
 * it has no TLS. */
static bool runs_this_program(const struct discover *d, pid_t pid)
{
	struct file_id id;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	return scan_cache_identify(path, &id) == 0 && id.dev == d->self.dev &&
	       id.ino == d->self.ino;
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

static void look_at_all(struct discover *d)
{
	pid_t *all;
	size_t n = proc_list(&all);

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
		look_at_file(d, d->o->named[i], d->o->named[i], true);
	install_paths_linker(d->o->command ? getenv("LD_LIBRARY_PATH") : NULL, on_file, d);
	if (d->o->command)
		install_paths_command(d->o->command, on_file, d);
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

/* ---- hooked files later on ---- */

/* Written over in place: its probes stand within other instructions now, whoever maps it. */
static void look_after(struct discover *d, size_t i, const struct statx *now)
{
	const struct target *t = &d->targets.items[i];
	char path[32];

	if (now->stx_size == t->id.size &&
	    (uint64_t)now->stx_mtime.tv_sec * 1000000000 + now->stx_mtime.tv_nsec == t->id.mtime_ns)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->file);
	on_file(d, path, t->name);
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
static void let_go_of_deleted(struct discover *d)
{
	struct target_list *l = &d->targets;
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
		log_debug("attach", "%s was deleted and nobody maps it: detached", t->name);
		let_go(d, t);
		t->changed = true;
		t->again_ns = 1; /* whenever it is mapped again */
		t->tries = 0;
	}
}

static void look_after_hooked(struct discover *d)
{
	size_t count = d->targets.count;
	bool deleted = false;

	for (size_t i = 0; i < count; i++) {
		struct target *t = &d->targets.items[i];
		struct statx now;

		/* A file system that does not answer is not waited for. */
		if (!t->links.hooked || t->file < 0 ||
		    statx(t->file, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS,
			  &now) != 0)
			continue;
		t->deleted = now.stx_nlink == 0;
		deleted |= t->deleted;
		look_after(d, i, &now);
	}
	if (deleted && d->polled_ns - d->swept_ns >= SWEEP_NS) {
		d->swept_ns = d->polled_ns;
		let_go_of_deleted(d);
	}
}

static void try_again(struct discover *d)
{
	d->retry_ns = 0;
	for (size_t i = 0; i < d->o->nnamed; i++)
		look_at_file(d, d->o->named[i], d->o->named[i], true);
	install_paths_linker(d->o->command ? getenv("LD_LIBRARY_PATH") : NULL, on_file, d);
	if (!d->o->filter->npids)
		look_at_all(d);
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
	return !d->o->filter->has_uid || uid_of(pid) == d->o->filter->uid;
}

static void judge(struct discover *d, pid_t pid)
{
	struct coverage c;
	int err = coverage_of(d->files, &d->opened, pid, &c);

	pthread_mutex_lock(&d->lock);
	if (!err && c.reason && is_named(d, c.program))
		unseen_add(&d->blind, pid, c.program, c.reason, c.remedy);
	else if (!err)
		unseen_drop(&d->blind, pid);
	pthread_mutex_unlock(&d->lock);
	coverage_done(&c);
}

static bool is_gone(pid_t pid)
{
	return kill(pid, 0) != 0 && errno == ESRCH;
}

/* Before their numbers are given to others. Who is blind has a row. */
static void forget_gone(struct discover *d)
{
	d->forgot_ns = now_ns();
	for (size_t i = d->opened.count; i > 0; i--) {
		pid_t pid = d->opened.rows[i - 1].pid;

		if (!is_gone(pid))
			continue;
		sockets_forget(&d->opened, pid);
		pthread_mutex_lock(&d->lock);
		unseen_ended(&d->blind, pid);
		pthread_mutex_unlock(&d->lock);
	}
}

static bool has_room(struct discover *d)
{
	if (d->opened.count >= OPENED_MAX && now_ns() - d->forgot_ns >= FORGET_NS)
		forget_gone(d);
	if (d->opened.count < OPENED_MAX)
		return true;
	if (!d->stats.unjudged++)
		log_warn("attach",
			 "more than %d processes have connections to port 443: whether the "
			 "others can be seen is not known",
			 OPENED_MAX);
	return false;
}

/* False: there is no room for it. */
static bool remember(struct discover *d, pid_t pid, bool udp, const char *peer)
{
	const struct sockets_row *row = sockets_of(&d->opened, pid);

	if (row && (udp ? row->udp : row->count))
		return true;
	if (!row && !has_room(d))
		return false;
	sockets_add(&d->opened, pid, udp, peer);
	return true;
}

void discover_note_blind(struct discover *d)
{
	struct sockets conns;

	sockets_scan(&conns);
	for (size_t i = 0; i < conns.count; i++) {
		const struct sockets_row *r = &conns.rows[i];

		if (!is_ours(d, r->pid) || !is_of_user(d, r->pid))
			continue;
		if ((!r->count || remember(d, r->pid, false, r->peer)) &&
		    (!r->udp || remember(d, r->pid, true, r->peer)))
			judge(d, r->pid);
	}
	sockets_done(&conns);
}

void discover_unseen(struct discover *d, struct unseen *ret)
{
	pthread_mutex_lock(&d->lock);
	unseen_copy(ret, &d->given_up);
	unseen_copy(ret, &d->blind);
	pthread_mutex_unlock(&d->lock);
}

/* ---- visits ---- */

static void visit(struct discover *d, pid_t pid)
{
	look_at(d, pid);
	if (sockets_of(&d->opened, pid))
		judge(d, pid);
}

/* Looks at it now, and later again. */
static void begin_visits(struct discover *d, pid_t pid)
{
	size_t i = 0;

	visit(d, pid);
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
			visit(d, v.pid);
			v.stage++;
		}
		if (v.stage < AGAIN)
			d->visits[kept++] = v;
	}
	d->nvisits = kept;
}

/* ---- what yields noise ---- */

static void give_up(struct discover *d, struct target *t)
{
	char *why =
		xasprintf("what it was taken for was a guess, and what it yields is no plaintext "
			  "(looked at %llu times, %llu bytes): detached",
			  (unsigned long long)t->tally.noise, (unsigned long long)t->tally.bytes);

	log_warn("attach", "%s (%s): %s", t->name, t->found, why);
	if (d->hooks && !d->stopped)
		links_detach(d->hooks, &t->links);
	t->links.hooked = false;
	t->noisy = true;
	free(t->links.problem);
	t->links.problem = why;
	pthread_mutex_lock(&d->lock);
	unseen_add_file(&d->given_up, t->name, t->overlay ? 0 : t->id.dev, t->id.ino, why,
			"report it with the file");
	pthread_mutex_unlock(&d->lock);
}

/* Noise counts only where it cannot have come from another target than this one. */
static void count_verdict(struct discover *d, const struct verdict *v)
{
	const struct user *u = &d->users[v->pid % USERS];

	for (unsigned i = 0; u->pid == v->pid && i < u->count; i++) {
		struct target *t = &d->targets.items[u->targets[i]];

		t->used = true;
		if (!t->guess || !t->links.hooked ||
		    (v->looks == TRAFFIC_UNINTELLIGIBLE && u->count > 1))
			continue;
		for (uint64_t n = 0; n < v->times; n++)
			class_votes_add(&t->tally, u->uid, v->looks, n ? 0 : v->bytes);
		if (class_votes_reject(&t->tally))
			give_up(d, t);
	}
}

void discover_class(struct discover *d, pid_t pid, enum traffic_class looks, uint64_t bytes)
{
	struct verdict one = { .pid = pid, .looks = looks, .times = 1, .bytes = bytes };

	if (d->stopped)
		count_verdict(d, &one);
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
	forget_gone(d);
	look_after_hooked(d);
	if (d->retry_ns && d->polled_ns >= d->retry_ns)
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
	if (d->places.count && d->place_ns < next)
		next = d->place_ns;
	return !d->prefetched && d->prefetch_ns < next ? d->prefetch_ns : next;
}

/* While it is looked at again anyway, only its first connection needs a look of its own. */
static void on_opened(struct discover *d, const struct opened *o)
{
	bool known = sockets_of(&d->opened, o->pid) != NULL;
	size_t i = 0;

	if (!is_ours(d, o->pid) || !is_of_user(d, o->pid) || !remember(d, o->pid, false, o->peer))
		return;
	while (i < d->nvisits && d->visits[i].pid != o->pid)
		i++;
	if (i == d->nvisits && !d->stopped)
		begin_visits(d, o->pid); /* and judges it */
	else if (!known)
		judge(d, o->pid);
}

/* Of a file that nobody has run yet it is not waited for probes. */
static bool would_wait(struct discover *d, const char *path)
{
	const struct catalog_entry *e;
	int fd, err = scan_cache_scan(d->files, path, &e, &fd);
	bool wait = err == 0 && fd >= 0 && !links_are_ready(d->hooks, &e->plan);

	if (fd >= 0)
		close(fd);
	return wait;
}

static void look_at_a_place(struct discover *d)
{
	char *path = d->places.items[d->places.count - 1];

	if (would_wait(d, path)) {
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
	for (size_t i = 0; i < n->npids; i++)
		if (is_ours(d, n->pids[i]))
			begin_visits(d, n->pids[i]);
	for (size_t i = 0; i < n->nopened; i++)
		on_opened(d, &n->opened[i]);
	if (n->overflow) {
		d->stats.overflows++;
		look_at_all(d);
	}
	for (size_t i = 0; i < n->nverdicts; i++)
		count_verdict(d, &n->verdicts[i]);
}

static void *run(void *arg)
{
	struct discover *d = arg;
	const struct batch *n;

	/* What began while the first look was taken and the probe not yet told of it. */
	if (!d->o->command)
		look_at_all(d);
	if (!d->o->filter->npids)
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

void discover_process(struct discover *d, pid_t pid)
{
	mailbox_process(d->mailbox, pid);
}

void discover_connected(struct discover *d, pid_t pid, const struct endpoints *ends)
{
	mailbox_connected(d->mailbox, pid, ends);
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
	/* What was told too late for the thread. */
	rest = mailbox_rest(d->mailbox);
	for (size_t i = 0; i < rest->nverdicts; i++)
		count_verdict(d, &rest->verdicts[i]);
	for (size_t i = 0; i < rest->nopened; i++)
		on_opened(d, &rest->opened[i]);
	return true;
}

const struct target_list *discover_targets(const struct discover *d)
{
	return &d->targets;
}

struct discover_stats discover_stats(const struct discover *d)
{
	return d->stats;
}
