/* SPDX-License-Identifier: MIT */
#include "attach/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/bpf.h"
#include "attach/finder.h"
#include "base/log.h"
#include "base/xalloc.h"

struct hooks {
	const struct probe *probe;
	bool multi;
	const pid_t *pids;
	size_t npids;
	int *fds;
	size_t nfds;
};

struct hooks *hooks_new(const struct probe *p, bool multi, const pid_t *pids, size_t npids)
{
	struct hooks *h = xcalloc(1, sizeof(*h));

	*h = (struct hooks){ .probe = p, .multi = multi, .pids = pids, .npids = npids };
	return h;
}

static int keep(struct hooks *h, int fd)
{
	if (fd < 0)
		return fd;
	h->fds = xgrow(h->fds, h->nfds, sizeof(*h->fds));
	h->fds[h->nfds++] = fd;
	return 0;
}

/* One program at one place, for all processes or for each of the chosen ones. */
static int attach_site(struct hooks *h, const struct target *t, const struct site *s, uint64_t off)
{
	int prog = h->probe->prog[s->prog];
	int err = 0;

	if (h->multi)
		return keep(h, bpf_uprobe_multi(prog, t->path, &off, 1, s->at_return));
	if (!h->npids)
		return keep(h, bpf_uprobe(prog, t->path, off, s->at_return, -1));
	for (size_t i = 0; i < h->npids && !err; i++)
		err = keep(h, bpf_uprobe(prog, t->path, off, s->at_return, h->pids[i]));
	return err;
}

static const char *explain(int err)
{
	switch (-err) {
	case EPERM:
	case EACCES:
		return "the kernel refused it: run as root, and look for lockdown in "
		       "/sys/kernel/security/lockdown";
	case EINVAL:
		return "the kernel refused the place: another tool may have a probe there with "
		       "other settings, or the file system does not support uprobes";
	case ENOENT:
		return "the kernel has no uprobes (CONFIG_UPROBE_EVENTS), or the file is gone";
	default:
		return strerror(-err);
	}
}

static int fail(struct target *t, int err, char *why)
{
	free(t->problem);
	t->problem = why;
	return err;
}

static void detach(int *fds, size_t n);

/* Where a file's findings go. */
struct attaching {
	struct hooks *h;
	struct target *t;
	const struct image *im;
	int err;
};

static void note_found(struct target *t, const struct finding *f)
{
	char *all = xasprintf("%s%s%s by %s", t->found ? t->found : "", t->found ? ", " : "", f->implementation,
			      f->method);

	free(t->found);
	t->found = all;
}

static void on_found(void *arg, const struct finder *finder, const struct finding *f)
{
	struct attaching *a = arg;

	if (f->problem) {
		fail(a->t, -ENOTSUP, xasprintf("%s %s", f->implementation, f->problem));
		return;
	}
	note_found(a->t, f);
	for (size_t i = 0; i < f->nsites && !a->err; i++) {
		uint64_t off = image_offset(a->im, f->sites[i].addr);

		if (!off)
			continue;
		a->err = attach_site(a->h, a->t, &f->sites[i], off);
		a->t->probes += !a->err;
	}
	log_debug("attach", "%s: %s by %s, %zu places", a->t->name, f->implementation, f->method, f->nsites);
}

static int find_and_attach(struct hooks *h, struct target *t)
{
	int fd = open(t->path, O_RDONLY | O_CLOEXEC);
	struct image im;
	struct attaching a = { .h = h, .t = t, .im = &im };

	if (fd < 0)
		return fail(t, -errno, xstrdup(strerror(errno)));
	a.err = image_open(&im, fd);
	close(fd);
	if (a.err) {
		image_close(&im);
		return fail(t, a.err, xstrdup("not a program or library for this machine"));
	}
	if (!find_all(&im, on_found, &a))
		a.err = t->problem ? -ENOTSUP : fail(t, -ENOENT, xstrdup("no TLS implementation that is known was found in it"));
	else if (a.err)
		fail(t, a.err, xstrdup(explain(a.err)));
	image_close(&im);
	return a.err;
}

int hooks_attach(struct hooks *h, struct target *t)
{
	size_t before = h->nfds;
	int err;

	t->probes = 0;
	err = find_and_attach(h, t);
	if (err) {
		detach(h->fds + before, h->nfds - before);
		h->nfds = before;
		return err;
	}
	t->hooked = true;
	return 0;
}

int hooks_attach_tree(struct hooks *h, struct error *reterr)
{
	int err = keep(h, bpf_raw_tracepoint(h->probe->prog[PROG_FORK], "sched_process_fork"));

	if (!err)
		err = keep(h, bpf_raw_tracepoint(h->probe->prog[PROG_EXIT], "sched_process_exit"));
	if (err)
		return error_set(reterr, err, "the command's children cannot be followed: raw "
				 "tracepoints are refused: %s", strerror(-err));
	return 0;
}

static void *close_one(void *arg)
{
	close(*(int *)arg);
	return NULL;
}

static void detach(int *fds, size_t n)
{
	pthread_t *threads = xcalloc(n, sizeof(*threads));
	bool *started = xcalloc(n, sizeof(*started));

	/* Fails on links, which stop when they are closed. */
	for (size_t i = 0; i < n; i++)
		bpf_uprobe_disable(fds[i]);
	for (size_t i = 0; i < n; i++) {
		started[i] = pthread_create(&threads[i], NULL, close_one, &fds[i]) == 0;
		if (!started[i])
			close(fds[i]);
	}
	for (size_t i = 0; i < n; i++)
		if (started[i])
			pthread_join(threads[i], NULL);
	free(threads);
	free(started);
}

void hooks_free(struct hooks *h)
{
	if (!h)
		return;
	detach(h->fds, h->nfds);
	free(h->fds);
	free(h);
}
