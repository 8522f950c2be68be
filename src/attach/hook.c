/* SPDX-License-Identifier: MIT */
#include "attach/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/bpf.h"
#include "attach/symbol.h"
#include "base/log.h"
#include "base/xalloc.h"

struct hook_row {
	enum target_family family;
	const char *symbol;
	enum probe_program prog;
	bool at_return, needed;
};

#define ENTRY false
#define RETURN true
#define NEEDED true
#define OPTIONAL false
static const struct hook_row rows[] = {
#define HOOK(family_, symbol_, prog_, at, need) \
	{ .family = FAMILY_##family_, .symbol = symbol_, .prog = prog_, .at_return = at, .needed = need },
#include "attach/hooks.def"
#undef HOOK
};
#define ROWS (sizeof(rows) / sizeof(*rows))

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
static int attach_row(struct hooks *h, const struct target *t, const struct hook_row *r, uint64_t off)
{
	int prog = h->probe->prog[r->prog];
	int err = 0;

	if (h->multi)
		return keep(h, bpf_uprobe_multi(prog, t->path, &off, 1, r->at_return));
	if (!h->npids)
		return keep(h, bpf_uprobe(prog, t->path, off, r->at_return, -1));
	for (size_t i = 0; i < h->npids && !err; i++)
		err = keep(h, bpf_uprobe(prog, t->path, off, r->at_return, h->pids[i]));
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

static int find_symbols(const struct target *t, struct symbol *symbols)
{
	int fd = open(t->path, O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < ROWS; i++)
		symbols[i].name = rows[i].symbol;
	err = symbol_offsets(fd, symbols, ROWS);
	close(fd);
	return err;
}

static int fail(struct target *t, int err, char *why)
{
	free(t->problem);
	t->problem = why;
	return err;
}

static void detach(int *fds, size_t n);

int hooks_attach(struct hooks *h, struct target *t)
{
	struct symbol symbols[ROWS];
	size_t before = h->nfds;
	int err = find_symbols(t, symbols);

	if (err)
		return fail(t, err, xstrdup(err == -ENOEXEC ? "not a program or library for this machine"
							    : strerror(-err)));
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].family == t->family && rows[i].needed && !symbols[i].offset)
			return fail(t, -ENOENT, xasprintf("it has no function %s", rows[i].symbol));
	t->probes = 0;
	for (size_t i = 0; i < ROWS && !err; i++) {
		if (rows[i].family != t->family || !symbols[i].offset)
			continue;
		err = attach_row(h, t, &rows[i], symbols[i].offset);
		t->probes += !err;
	}
	if (err) {
		detach(h->fds + before, h->nfds - before);
		h->nfds = before;
		return fail(t, err, xstrdup(explain(err)));
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
