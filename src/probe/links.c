/* SPDX-License-Identifier: MIT */
#include "probe/links.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "kernel/bpf.h"

struct links {
	struct probe *probe;
	bool multi;
	bool patient;
	const pid_t *pids;
	size_t npids;
	int *fds;
	size_t nfds;
};

struct links *links_new(struct probe *p, bool multi, const pid_t *pids, size_t npids)
{
	struct links *h = xcalloc(1, sizeof(*h));

	*h = (struct links){
		.probe = p, .multi = multi, .patient = true, .pids = pids, .npids = npids
	};
	return h;
}

static int keep(struct links *h, int fd)
{
	if (fd < 0)
		return fd;
	h->fds = xgrow(h->fds, h->nfds, sizeof(*h->fds));
	h->fds[h->nfds++] = fd;
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
		if (fds[i] >= 0)
			bpf_uprobe_disable(fds[i]);
	for (size_t i = 0; i < n; i++) {
		if (fds[i] < 0)
			continue;
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

struct detaching {
	int *fds;
	size_t n;
};

static void *detach_aside(void *arg)
{
	struct detaching *d = arg;

	detach(d->fds, d->n);
	free(d->fds);
	free(d);
	return NULL;
}

/* The kernel takes some 0.1 s, in which a new program may come that has to be hooked. */
static void begin_detach(const int *fds, size_t n)
{
	struct detaching *d = xcalloc(1, sizeof(*d));
	pthread_t thread;

	d->n = n;
	d->fds = xcalloc(n + 1, sizeof(*fds));
	memcpy(d->fds, fds, n * sizeof(*fds));
	if (n && pthread_create(&thread, NULL, detach_aside, d) == 0)
		pthread_detach(thread);
	else
		detach_aside(d);
}

/* One program at some places of a file, for all processes or for each of the chosen ones. */
static int attach_sites(struct links *h, const char *path, const struct site *s, size_t count)
{
	int prog = probe_program(h->probe, s->prog);
	uint64_t offsets[SITES_MAX];
	int err = 0;

	if (h->multi) {
		for (size_t i = 0; i < count; i++)
			offsets[i] = s[i].addr;
		return keep(h, bpf_uprobe_multi(prog, path, offsets, count, s->at_return));
	}
	for (size_t i = 0; i < count && !err; i++) {
		if (!h->npids)
			err = keep(h, bpf_uprobe(prog, path, s[i].addr, s[i].at_return, -1));
		for (size_t p = 0; p < h->npids && !err; p++) {
			err = keep(h,
				   bpf_uprobe(prog, path, s[i].addr, s[i].at_return, h->pids[p]));
			if (err == -ESRCH)
				err = 0; /* a process that has ended needs no probe */
		}
	}
	return err;
}

static const char *explain(int err)
{
	switch (-err) {
	case EPERM:
	case EACCES:
		return "the kernel refused the probe: run llm-spy with sudo and check "
		       "/sys/kernel/security/lockdown";
	case EINVAL:
		return "the kernel refused the probe: another tool may have a probe with other "
		       "settings at the same address, or the file system does not support uprobes";
	case ENOENT:
		return "the kernel has no uprobes (CONFIG_UPROBE_EVENTS), or the file is gone";
	default:
		return strerror(-err);
	}
}

/* How many sites from the first on get the same program in the same way, and so can be hooked at
 * once. Their order is kept: a call's entry before its return. */
static size_t same_program(const struct site *s, size_t count)
{
	size_t n = 1;

	while (n < count && n < SITES_MAX && s[n].prog == s->prog && s[n].at_return == s->at_return)
		n++;
	return n;
}

/* What Erlang's ssl has encrypted is known again when it is sent. Without that, all is captured but
 * the addresses. */
static void attach_beside(struct links *h, const struct plan_entry *p)
{
	int prog = probe_program(h->probe, PROG_ERL_SENT);

	if (prog >= 0 && p->nsites && probe_group_of(p->sites[0].prog) == GROUP_ERLANG)
		keep(h, bpf_raw_tracepoint(prog, "sock_send_length"));
}

static int attach_part(struct links *h, struct attachment *a, const char *path,
		       const struct plan_entry *p)
{
	int err = 0;

	attach_beside(h, p);
	for (size_t s = 0, n; s < p->nsites && !err; s += n) {
		size_t before = h->nfds;

		n = same_program(p->sites + s, p->nsites - s);
		err = attach_sites(h, path, p->sites + s, n);
		a->probes += !err && h->nfds > before ? n : 0;
	}
	if (!err)
		log_debug("attach", "%s: %s by %s, %zu sites", a->name, p->implementation,
			  p->method, p->nsites);
	return err;
}

static void each_group(struct links *h, const struct plan *plan,
		       void (*fn)(struct probe *p, enum probe_group g))
{
	for (size_t i = 0; i < plan->nparts; i++)
		for (size_t s = 0; s < plan->parts[i].nsites; s++)
			fn(h->probe, probe_group_of(plan->parts[i].sites[s].prog));
}

void links_prepare(struct links *h, const struct plan *plan)
{
	each_group(h, plan, probe_begin);
}

void links_expect(struct links *h, const struct plan *plan)
{
	each_group(h, plan, probe_expect);
}

bool links_prefetch(struct links *h)
{
	return probe_prefetch(h->probe);
}

void links_set_patient(struct links *h, bool patient)
{
	h->patient = patient;
}

static bool is_ready(struct links *h, const struct plan_entry *p)
{
	for (size_t s = 0; s < p->nsites; s++)
		if (!probe_is_ready(h->probe, probe_group_of(p->sites[s].prog)))
			return false;
	return true;
}

bool links_are_ready(struct links *h, const struct plan *plan)
{
	bool ready = true;

	links_prepare(h, plan);
	for (size_t i = 0; i < plan->nparts && ready; i++)
		ready = is_ready(h, &plan->parts[i]);
	return ready;
}

static int need_programs(struct links *h, const struct plan_entry *p, struct error *reterr)
{
	int err = 0;

	for (size_t s = 0; s < p->nsites && !err; s++)
		err = probe_need(h->probe, probe_group_of(p->sites[s].prog), reterr);
	return err;
}

/* The first part that is left out is named. */
static void note_left_out(struct attachment *a, const struct plan_entry *p, int err,
			  const char *why)
{
	a->unfinished |= err_is_transient(err);
	if (!a->problem)
		a->problem = xasprintf("%s: %s", p->implementation, why);
}

/* A part whose programs cannot be had is left out; a place that the kernel refuses holds for the
 * file. */
static int try_part(struct links *h, struct attachment *a, const char *path, bool tls,
		    const struct plan_entry *p)
{
	struct error why;
	int err = 0, missing = need_programs(h, p, &why);
	size_t before = a->probes;

	if (missing)
		note_left_out(a, p, missing, why.text);
	else
		err = attach_part(h, a, path, p);
	a->hooked |= a->probes > before && (!p->watch || !tls);
	return err;
}

/* What is ready comes first: a program may call with it before the rest is compiled. */
static int attach_plan(struct links *h, struct attachment *a, const char *path,
		       const struct plan *plan)
{
	bool *done = xcalloc(plan->nparts + 1, sizeof(*done)), tls = plan_has_tls(plan);
	int err = 0;

	a->waiting = !h->patient && !links_are_ready(h, plan);

	for (int wait = 0; wait < 2 - a->waiting; wait++)
		for (size_t i = 0; i < plan->nparts && !err; i++)
			if (!done[i] && (wait || is_ready(h, &plan->parts[i]))) {
				done[i] = true;
				err = try_part(h, a, path, tls, &plan->parts[i]);
			}
	free(done);
	a->count = h->nfds - a->first;
	return err;
}

int links_attach(struct links *h, struct attachment *a, int fd, const struct plan *plan)
{
	int err, missing = 0;
	struct error ignored;
	char path[32];

	links_prepare(h, plan);
	if (a->hooked && !h->patient && !links_are_ready(h, plan))
		return 0;
	for (size_t i = 0; a->hooked && i < plan->nparts && !missing; i++)
		missing = need_programs(h, &plan->parts[i], &ignored);
	if (missing)
		return 0;
	/* The very file that was searched: a name could lead to another one by now. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	links_detach(h, a);
	free(a->problem);
	a->problem = plan_problem(plan);
	a->unfinished = false;
	a->probes = 0;
	a->first = h->nfds;
	err = attach_plan(h, a, path, plan);
	if (!err && a->hooked)
		return 0;
	links_detach(h, a);
	if (err) {
		free(a->problem);
		a->problem = xstrdup(explain(err));
		a->unfinished = err_is_transient(err);
	} else if (a->waiting) {
		err = -EAGAIN;
	} else if (!a->problem) {
		a->problem = xstrdup("the selected processes have ended");
	}
	return err ? err : -ENOTSUP;
}

void links_detach(struct links *h, struct attachment *a)
{
	begin_detach(h->fds + a->first, a->count);
	for (size_t i = 0; i < a->count; i++)
		h->fds[a->first + i] = -1;
	if (a->first + a->count == h->nfds)
		h->nfds = a->first;
	a->count = 0;
	a->hooked = false;
}

int links_attach_exec(struct links *h)
{
	return keep(h,
		    bpf_raw_tracepoint(probe_program(h->probe, PROG_EXEC), "sched_process_exec"));
}

/* The probe learns what TCP is from sockets that change their state: so one of each kind does. */
static void show_tcp(void)
{
	static const int families[] = { AF_INET, AF_INET6 };

	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		int fd = socket(families[i], SOCK_STREAM | SOCK_CLOEXEC, 0);
		struct sockaddr_storage any_port_of_loopback = { .ss_family =
									 (sa_family_t)families[i] };

		if (families[i] == AF_INET)
			((struct sockaddr_in *)&any_port_of_loopback)->sin_addr.s_addr =
				htonl(INADDR_LOOPBACK);
		else
			((struct sockaddr_in6 *)&any_port_of_loopback)->sin6_addr =
				in6addr_loopback;
		if (fd >= 0 && bind(fd, (struct sockaddr *)&any_port_of_loopback,
				    families[i] == AF_INET ? sizeof(struct sockaddr_in)
							   : sizeof(struct sockaddr_in6)) == 0)
			listen(fd, 1);
		if (fd >= 0)
			close(fd);
	}
}

int links_attach_sock(struct links *h, const char **ret_name)
{
	/* In this order: what tells of sockets before what asks for what was told. */
	static const struct {
		enum probe_program prog;
		const char *name;
	} rows[] = {
		{ PROG_STATE, "inet_sock_set_state" },
		{ PROG_SOCK_DESTROYED, "tcp_destroy_sock" },
		{ PROG_THREAD_EXIT, "sched_process_exit" },
		{ PROG_FORKED, "sched_process_fork" },
		{ PROG_RECEIVED, "tcp_rcv_space_adjust" },
		{ PROG_SYS_EXIT, "sys_exit" },
		{ PROG_SOCK_SENT, "sock_send_length" },
		{ PROG_SOCK_RECEIVED, "sock_recv_length" },
	};
	int first = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int prog = probe_program(h->probe, rows[i].prog);
		int err = prog < 0 ? 0 : keep(h, bpf_raw_tracepoint(prog, rows[i].name));

		if (err && !first) {
			first = err;
			*ret_name = rows[i].name;
		}
	}
	show_tcp();
	return first;
}

int links_attach_tree(struct links *h, struct error *reterr)
{
	int err = keep(
		h, bpf_raw_tracepoint(probe_program(h->probe, PROG_FORK), "sched_process_fork"));

	if (!err)
		err = keep(h, bpf_raw_tracepoint(probe_program(h->probe, PROG_EXIT),
						 "sched_process_exit"));
	if (err)
		return error_set(reterr, err,
				 "cannot trace the command's children: the kernel refused raw "
				 "tracepoints: %s",
				 strerror(-err));
	return 0;
}

void links_free(struct links *h)
{
	if (!h)
		return;
	detach(h->fds, h->nfds);
	free(h->fds);
	free(h);
}
