/* SPDX-License-Identifier: MIT */
#include "hold/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/urgent.h"
#include "base/xalloc.h"
#include "hold/gate.h"
#include "hold/mounts.h"

/* Mount namespaces that are followed; a further one takes the place of the one that was not looked
 * at for longest. Nothing of them is kept open, since that would keep their mounts busy. */
#define SPACES_MAX 64
/* How often the mounts of one are looked at, when its processes begin programs. */
#define AGAIN_NS 1000000000ull

struct space {
	ino_t ino; /* of the namespace */
	uint64_t marked_ns;
	unsigned *marked; /* ids of its mounts, or numbers of their devices, in rising order */
	size_t nmarked;
};

/* What of a process is open while its mounts are marked. */
struct view {
	int root; /* O_PATH */
	FILE *mounts;
};

struct hold {
	struct gate gate;
	bool all; /* GATE_EXECS, not GATE_OPENS */
	held_fn fn;
	void *arg;
	bool started;
	int end[2]; /* a pipe: closed to end the thread */
	pthread_t thread;
	/* The first namespace is watched: mountinfo tells when it changes, by POLLPRI. */
	struct view first;
	pthread_mutex_t lock; /* of what follows, and of marking */
	struct space spaces[SPACES_MAX];
	size_t nspaces;
};

struct hold *hold_open(uint64_t limit_ns, int *ret_err)
{
	struct hold *h = xcalloc(1, sizeof(*h));

	int opens, err = gate_start(&h->gate, limit_ns, &opens);

	*ret_err = err ? err : opens;
	if (err) {
		free(h);
		return NULL;
	}
	pthread_mutex_init(&h->lock, NULL);
	return h;
}

static void close_view(struct view *v)
{
	if (v->mounts) {
		fclose(v->mounts);
		close(v->root);
	}
	v->mounts = NULL;
}

void hold_free(struct hold *h)
{
	if (!h)
		return;
	hold_stop(h);
	gate_done(&h->gate);
	close_view(&h->first);
	for (size_t i = 0; i < h->nspaces; i++)
		free(h->spaces[i].marked);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

/* ---- marking; the lock is held ---- */

static int by_value(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return x < y ? -1 : x > y;
}

static bool is_marked(const struct space *s, unsigned key)
{
	return s->nmarked && bsearch(&key, s->marked, s->nmarked, sizeof(key), by_value);
}

static int mark(struct hold *h, const struct view *v, const struct mount *m)
{
	int fd = openat(v->root, m->path[1] ? m->path + 1 : ".", O_PATH | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = gate_mark(&h->gate, h->all ? GATE_EXECS : GATE_OPENS, fd);
	close(fd);
	if (err)
		log_debug("hold", "%s (%s) cannot be watched: %s", m->path, m->type,
			  strerror(-err));
	return err;
}

/* Those mounts or, with `all`, file systems that are new since the last time. Their numbers are
 * given anew when they are gone, so those are forgotten. 0, or the first error. */
static int mark_all(struct hold *h, struct space *s, const struct view *v)
{
	AUTO_FREE char *line = NULL;
	unsigned *keys = NULL;
	size_t size = 0, count = 0;
	struct mount m;
	int first = 0;

	rewind(v->mounts);
	while (getline(&line, &size, v->mounts) > 0) {
		unsigned key;
		int err;

		if (!mounts_read_line(line, &m) || !mounts_may_hold(&m))
			continue;
		key = h->all ? m.major << 20 | m.minor : m.id;
		err = is_marked(s, key) ? 0 : mark(h, v, &m);
		first = first ? first : err;
		if (err)
			continue;
		keys = xgrow(keys, count, sizeof(*keys));
		keys[count++] = key;
	}
	if (keys)
		qsort(keys, count, sizeof(*keys), by_value);
	free(s->marked);
	s->marked = keys;
	s->nmarked = count;
	s->marked_ns = now_ns();
	return first;
}

static ino_t space_of(pid_t pid)
{
	char path[48];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	return stat(path, &st) == 0 ? st.st_ino : 0;
}

static int open_view(pid_t pid, struct view *ret)
{
	char path[48];
	int fd;

	*ret = (struct view){ 0 };
	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	ret->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ret->root < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ret->mounts = fd < 0 ? NULL : fdopen(fd, "r");
	if (ret->mounts)
		return 0;
	close(ret->root);
	return fd < 0 ? -errno : -ENOMEM;
}

int hold_begin(struct hold *h, pid_t pid, bool all)
{
	int err = open_view(pid, &h->first);

	if (err)
		return err;
	h->all = all;
	h->spaces[0] = (struct space){ .ino = space_of(pid) };
	h->nspaces = 1;
	err = mark_all(h, &h->spaces[0], &h->first);
	return h->spaces[0].nmarked ? 0 : err;
}

/* NULL: it is not to be looked at now. */
static struct space *space_to_mark(struct hold *h, ino_t ino)
{
	struct space *oldest = &h->spaces[1];

	for (size_t i = 0; i < h->nspaces; i++)
		if (h->spaces[i].ino == ino)
			return i && now_ns() - h->spaces[i].marked_ns >= AGAIN_NS ? &h->spaces[i]
										  : NULL;
	if (h->nspaces < SPACES_MAX) {
		h->spaces[h->nspaces] = (struct space){ .ino = ino };
		return &h->spaces[h->nspaces++];
	}
	for (size_t i = 2; i < SPACES_MAX; i++)
		if (h->spaces[i].marked_ns < oldest->marked_ns)
			oldest = &h->spaces[i];
	free(oldest->marked);
	*oldest = (struct space){ .ino = ino };
	return oldest;
}

/* A command's process that has gone back to our namespace or the host's would make all wait there.
 */
static bool is_others(const struct hold *h, ino_t ino)
{
	return !h->all && (ino == space_of(getpid()) || ino == space_of(1));
}

void hold_follow(struct hold *h, pid_t pid)
{
	ino_t ino = space_of(pid);
	struct space *s;
	struct view v;

	pthread_mutex_lock(&h->lock);
	/* The first is told of by itself. */
	if (h->started && h->nspaces && ino && ino != h->spaces[0].ino && !is_others(h, ino)) {
		s = space_to_mark(h, ino);
		if (s && open_view(pid, &v) == 0) {
			mark_all(h, s, &v);
			close_view(&v);
		}
	}
	pthread_mutex_unlock(&h->lock);
}

/* ---- the thread ---- */

void hold_answer(struct hold *h, const struct held_file *f)
{
	gate_answer(&h->gate, f->id);
	close(f->fd);
}

void hold_stand(struct hold *h, pid_t pid, pid_t tid)
{
	gate_stop(&h->gate, pid, tid);
}

void hold_go(struct hold *h, pid_t tid)
{
	gate_go(&h->gate, tid);
}

/* False: the gate has ended. */
static bool take_ask(struct hold *h)
{
	struct held_file f;
	struct gate_ask a;

	if (!gate_next(&h->gate, &a, &f.fd))
		return false;
	f.id = a.id;
	f.pid = a.pid;
	f.since_ns = a.since_ns;
	if (!h->fn(h->arg, &f))
		hold_answer(h, &f);
	return true;
}

static void take_mounts(struct hold *h)
{
	pthread_mutex_lock(&h->lock);
	mark_all(h, &h->spaces[0], &h->first);
	pthread_mutex_unlock(&h->lock);
}

static void *run(void *arg)
{
	struct hold *h = arg;

	urgent_thread(); /* somebody waits */
	for (;;) {
		int mounts = h->first.mounts ? fileno(h->first.mounts) : -1;
		struct pollfd fds[] = { { .fd = h->end[0], .events = POLLIN },
					{ .fd = h->gate.asks, .events = POLLIN },
					{ .fd = mounts, .events = POLLPRI } };

		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			return NULL;
		if (fds[0].revents)
			return NULL;
		if (fds[1].revents && !take_ask(h)) {
			log_warn("hold",
				 "the process that holds programs until they are hooked has "
				 "ended: first calls of new programs may be missed");
			return NULL;
		}
		if (fds[2].revents & (POLLPRI | POLLERR))
			take_mounts(h);
	}
}

int hold_start(struct hold *h, held_fn fn, void *arg)
{
	sigset_t every, before;
	int err;

	h->fn = fn;
	h->arg = arg;
	if (pipe2(h->end, O_CLOEXEC) != 0)
		return -errno;
	/* Signals are the main thread's. */
	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &before);
	err = pthread_create(&h->thread, NULL, run, h);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	h->started = err == 0;
	return -err;
}

void hold_stop(struct hold *h)
{
	if (h->started) {
		close(h->end[1]);
		pthread_join(h->thread, NULL);
		close(h->end[0]);
		h->started = false;
	}
	gate_end(&h->gate);
}
