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

#include "base/log.h"
#include "base/xalloc.h"
#include "hold/gate.h"
#include "hold/mounts.h"

/* Mount namespaces that are followed. Of further ones, what is opened is not held. */
#define SPACES_MAX 64

struct space {
	ino_t ino;    /* of the namespace */
	int root;     /* O_PATH: of the process that it was seen with */
	FILE *mounts; /* its mountinfo: readable in the sense of poll(2) as POLLPRI when it changes
		       */
};

struct hold {
	struct gate gate;
	bool all; /* GATE_EXECS, not GATE_OPENS */
	held_fn fn;
	void *arg;
	bool started;
	int word[2]; /* a pipe to the thread: take_word */
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows, and of marking */
	struct space spaces[SPACES_MAX];
	size_t nspaces;
	unsigned *marked; /* ids of mounts, or numbers of devices, in rising order */
	size_t nmarked;
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

void hold_free(struct hold *h)
{
	if (!h)
		return;
	hold_stop(h);
	gate_done(&h->gate);
	for (size_t i = 0; i < h->nspaces; i++) {
		close(h->spaces[i].root);
		fclose(h->spaces[i].mounts);
	}
	pthread_mutex_destroy(&h->lock);
	free(h->marked);
	free(h);
}

/* ---- marking; the lock is held ---- */

/* Where it stands, or would. */
static size_t place_of(const struct hold *h, unsigned key)
{
	size_t low = 0, high = h->nmarked;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (h->marked[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_marked(const struct hold *h, unsigned key)
{
	size_t at = place_of(h, key);

	return at < h->nmarked && h->marked[at] == key;
}

static void note_marked(struct hold *h, unsigned key)
{
	size_t at = place_of(h, key);

	h->marked = xgrow(h->marked, h->nmarked, sizeof(*h->marked));
	memmove(h->marked + at + 1, h->marked + at, (h->nmarked - at) * sizeof(*h->marked));
	h->marked[at] = key;
	h->nmarked++;
}

/* Once for a mount or, with `all`, for a file system. A mount that went and another of its number
 * were told apart only by the kernel: of a number that is new here, it is a new mount. */
static int mark(struct hold *h, const struct space *s, const struct mount *m)
{
	unsigned key = h->all ? m->major << 20 | m->minor : m->id;
	int fd, err;

	if (is_marked(h, key))
		return 0;
	fd = openat(s->root, m->path[1] ? m->path + 1 : ".", O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = gate_mark(&h->gate, h->all ? GATE_EXECS : GATE_OPENS, fd);
	close(fd);
	if (!err)
		note_marked(h, key);
	else
		log_debug("hold", "%s (%s) cannot be watched: %s", m->path, m->type,
			  strerror(-err));
	return err;
}

/* 0 when all that may be marked is; else the first error. */
static int mark_all(struct hold *h, struct space *s)
{
	AUTO_FREE char *line = NULL;
	size_t size = 0;
	struct mount m;
	int first = 0;

	rewind(s->mounts);
	while (getline(&line, &size, s->mounts) > 0)
		if (mounts_read_line(line, &m) && mounts_may_hold(&m)) {
			int err = mark(h, s, &m);

			first = first ? first : err;
		}
	return first;
}

static ino_t space_of(pid_t pid)
{
	char path[48];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	return stat(path, &st) == 0 ? st.st_ino : 0;
}

static int open_space(pid_t pid, struct space *ret)
{
	char path[48];
	int fd;

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

static int follow(struct hold *h, pid_t pid)
{
	struct space s = { .ino = space_of(pid) };
	int err = h->nspaces == SPACES_MAX ? -ENOSPC : open_space(pid, &s);

	if (err)
		return err;
	h->spaces[h->nspaces++] = s;
	return mark_all(h, &h->spaces[h->nspaces - 1]);
}

int hold_begin(struct hold *h, pid_t pid, bool all)
{
	int err;

	h->all = all;
	pthread_mutex_lock(&h->lock);
	err = follow(h, pid);
	if (h->nmarked)
		err = 0;
	pthread_mutex_unlock(&h->lock);
	return err;
}

bool hold_follow(struct hold *h, pid_t pid)
{
	ino_t ino = space_of(pid);
	bool known = !ino;

	pthread_mutex_lock(&h->lock);
	for (size_t i = 0; i < h->nspaces && !known; i++)
		known = h->spaces[i].ino == ino;
	if (!known && follow(h, pid) == 0 && h->started && write(h->word[1], "", 1) != 1)
		log_debug("hold", "mounts of process %d are not followed", (int)pid);
	pthread_mutex_unlock(&h->lock);
	return known;
}

/* ---- the thread ---- */

void hold_answer(struct hold *h, const struct held_file *f)
{
	gate_answer(&h->gate, f->id);
	close(f->fd);
}

void hold_stand(struct hold *h, pid_t tid)
{
	gate_stop(&h->gate, tid);
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

static void take_mounts(struct hold *h, const struct pollfd *fds, size_t n)
{
	pthread_mutex_lock(&h->lock);
	for (size_t i = 0; i < n && i < h->nspaces; i++)
		if (fds[i].revents & (POLLPRI | POLLERR))
			mark_all(h, &h->spaces[i]);
	pthread_mutex_unlock(&h->lock);
}

/* False: to end. Else there is a namespace more. */
static bool take_word(struct hold *h)
{
	char byte;

	return read(h->word[0], &byte, 1) == 1;
}

static void *run(void *arg)
{
	struct hold *h = arg;

	for (;;) {
		struct pollfd fds[2 + SPACES_MAX] = { { .fd = h->word[0], .events = POLLIN },
						      { .fd = h->gate.asks, .events = POLLIN } };
		size_t n;

		pthread_mutex_lock(&h->lock);
		n = h->nspaces;
		for (size_t i = 0; i < n; i++)
			fds[2 + i] = (struct pollfd){ .fd = fileno(h->spaces[i].mounts),
						      .events = POLLPRI };
		pthread_mutex_unlock(&h->lock);
		if (poll(fds, 2 + n, -1) < 0 && errno != EINTR)
			return NULL;
		if (fds[0].revents && !take_word(h))
			return NULL;
		if (fds[1].revents && !take_ask(h)) {
			log_warn("hold",
				 "the process that holds programs until they are hooked has "
				 "ended: first calls of new programs may be missed");
			return NULL;
		}
		take_mounts(h, fds + 2, n);
	}
}

int hold_start(struct hold *h, held_fn fn, void *arg)
{
	sigset_t every, before;
	int err;

	h->fn = fn;
	h->arg = arg;
	if (pipe2(h->word, O_CLOEXEC) != 0)
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
		close(h->word[1]);
		pthread_join(h->thread, NULL);
		close(h->word[0]);
		h->started = false;
	}
	gate_end(&h->gate);
}
