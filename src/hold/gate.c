/* SPDX-License-Identifier: MIT */
/* Sockets, both of messages: `marks` with a question and its answer in turn, `asks` with questions
 * of the gate and answers of the tracer. Nothing here waits for the tracer. Files are read of which
 * the open was held: on file systems of this host alone (hold/mounts.h), whose disk the program
 * would wait for as well. */
#include "hold/gate.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/urgent.h"
#include "hold/stops.h"
#include "kernel/helper_process.h"

#ifndef FAN_OPEN_EXEC_PERM
#define FAN_OPEN_EXEC_PERM 0x00040000
#endif
#ifndef FAN_MARK_FILESYSTEM
#define FAN_MARK_FILESYSTEM 0x00000100
#endif
/* Linux 5.19: the mark does not keep the file in memory. */
#ifndef FAN_MARK_EVICTABLE
#define FAN_MARK_EVICTABLE 0x00000200
#endif

/* Files that the tracer was asked about and has not answered. What there is no room for passes. */
#define HELD_MAX 512
/* The kernel refuses an open of which it cannot give us a descriptor: there have to be more of them
 * than can be in use. */
#define DESCRIPTORS (4 * HELD_MAX)
/* For how many times the limit the answer is waited for when the file has passed. */
#define KEPT_LIMITS 10
/* Answers and limits come first: so many events are taken at once. */
#define EVENTS_BYTES 2048

struct order {
	uint64_t limit_ns; /* of the first message alone */
	enum gate_mark what;
	pid_t tracer; /* of the first */
};

/* From the tracer, by `asks`. */
struct word {
	enum { ANSWER, STOP, GO } what;
	uint32_t id; /* ANSWER */
	pid_t pid;   /* STOP: tid's process */
	pid_t tid;   /* STOP, GO */
};

struct held {
	int fd; /* the file; -1: the slot is free */
	uint32_t id;
	uint64_t until_ns;
	bool passed; /* but not answered */
	struct stat was;
};

struct guard {
	int fan[2]; /* by enum gate_mark */
	int marks, asks;
	pid_t tracer;
	uint64_t limit_ns;
	unsigned evictable; /* FAN_MARK_EVICTABLE where there is that */
	uint32_t last_id;
	size_t nheld;
	struct held held[HELD_MAX];
	struct stops stops;
};

static const uint64_t events[] = {
	[GATE_EXECS] = FAN_OPEN_EXEC_PERM, [GATE_OPENS] = FAN_OPEN_PERM
};
static const unsigned marks[] = {
	[GATE_EXECS] = FAN_MARK_FILESYSTEM, [GATE_OPENS] = FAN_MARK_MOUNT
};

/* ---- letting pass ---- */

static void allow(int fan, int fd)
{
	struct fanotify_response r = { .fd = fd, .response = FAN_ALLOW };

	/* Fails when the process that waits was killed. */
	if (write(fan, &r, sizeof(r)) < 0)
		return;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* It is not asked about again, unless it has changed since `was`. */
static void ignore(struct guard *g, enum gate_mark what, int fd, const struct stat *was)
{
	unsigned how = FAN_MARK_ADD | FAN_MARK_IGNORED_MASK;
	struct stat now;

	if (fanotify_mark(g->fan[what], how | g->evictable, events[what], fd, NULL) != 0 &&
	    g->evictable && errno == EINVAL) {
		g->evictable = 0;
		fanotify_mark(g->fan[what], how, events[what], fd, NULL);
	}
	if (fstat(fd, &now) == 0 && !is_same(&now, was))
		fanotify_mark(g->fan[what], FAN_MARK_REMOVE | FAN_MARK_IGNORED_MASK, events[what],
			      fd, NULL);
}

/* ---- what is held ---- */

/* Of most files that are opened the first bytes say that there is no code in them. */
static bool may_have_code(int fd)
{
	Elf64_Ehdr eh;

	return pread(fd, &eh, sizeof(eh), 0) == sizeof(eh) &&
	       memcmp(eh.e_ident, ELFMAG, SELFMAG) == 0 &&
	       (eh.e_type == ET_EXEC || eh.e_type == ET_DYN);
}

static struct held *free_slot(struct guard *g)
{
	for (size_t i = 0; i < HELD_MAX; i++)
		if (g->held[i].fd < 0)
			return &g->held[i];
	return NULL;
}

/* Whether the tracer was asked, so that the file stays. */
static bool ask(struct guard *g, enum gate_mark what, int fd, pid_t pid, const struct stat *st)
{
	struct held *h = free_slot(g);
	struct gate_ask a = { .id = (g->last_id + 1) << 1 | what,
			      .pid = pid,
			      .since_ns = now_ns() };

	if (!h || fdpass_send_now(g->asks, &a, sizeof(a), &fd, 1) != 0)
		return false;
	g->last_id++;
	*h = (struct held){
		.fd = fd, .id = a.id, .until_ns = a.since_ns + g->limit_ns, .was = *st
	};
	g->nheld++;
	return true;
}

static void on_event(struct guard *g, enum gate_mark what, const struct fanotify_event_metadata *m)
{
	struct stat st;

	if (m->fd < 0)
		return;
	/* The tracer itself is who would be asked. */
	if (m->pid != g->tracer && fstat(m->fd, &st) == 0 && S_ISREG(st.st_mode)) {
		if (may_have_code(m->fd)) {
			if (ask(g, what, m->fd, m->pid, &st))
				return;
		} else if (st.st_size) { /* else it is being made, and that would be forgotten */
			ignore(g, what, m->fd, &st);
		}
	}
	allow(g->fan[what], m->fd);
	close(m->fd);
}

static void read_events(struct guard *g, enum gate_mark what)
{
	char bytes[EVENTS_BYTES]
		__attribute__((aligned(__alignof__(struct fanotify_event_metadata))));
	ssize_t len = read(g->fan[what], bytes, sizeof(bytes));

	for (struct fanotify_event_metadata *m = (void *)bytes; len > 0 && FAN_EVENT_OK(m, len);
	     m = FAN_EVENT_NEXT(m, len))
		on_event(g, what, m);
}

/* ---- answers and limits ---- */

static void drop(struct guard *g, struct held *h)
{
	close(h->fd);
	h->fd = -1;
	g->nheld--;
}

static void on_answer(struct guard *g, uint32_t id)
{
	for (size_t i = 0; i < HELD_MAX; i++) {
		struct held *h = &g->held[i];

		if (h->fd < 0 || h->id != id)
			continue;
		ignore(g, gate_mark_of(h->id), h->fd, &h->was);
		if (!h->passed)
			allow(g->fan[gate_mark_of(h->id)], h->fd);
		drop(g, h);
	}
}

static void read_words(struct guard *g)
{
	struct word w;

	while (recv(g->asks, &w, sizeof(w), MSG_DONTWAIT) == sizeof(w)) {
		if (w.what == ANSWER)
			on_answer(g, w.id);
		else if (w.what == STOP)
			stops_begin(&g->stops, w.pid, w.tid, now_ns() + g->limit_ns);
		else
			stops_end(&g->stops, w.tid);
	}
}

/* What has passed keeps its slot until it is answered, so that it may be left alone from then on;
 * but not for long. */
static void pass_late(struct guard *g, uint64_t now)
{
	for (size_t i = 0; i < HELD_MAX && g->nheld; i++) {
		struct held *h = &g->held[i];

		if (h->fd < 0 || h->until_ns > now)
			continue;
		if (h->passed) {
			drop(g, h);
			continue;
		}
		allow(g->fan[gate_mark_of(h->id)], h->fd);
		h->passed = true;
		h->until_ns = now + KEPT_LIMITS * g->limit_ns;
	}
}

static int wait_ms(const struct guard *g, uint64_t now)
{
	uint64_t first = UINT64_MAX;

	for (size_t i = 0; i < HELD_MAX && g->nheld; i++)
		if (g->held[i].fd >= 0 && g->held[i].until_ns < first)
			first = g->held[i].until_ns;
	if (first == UINT64_MAX)
		return -1;
	return first <= now ? 0 : (int)((first - now) / 1000000 + 1);
}

static int sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* ---- the process ---- */

static bool take_order(struct guard *g)
{
	struct order o;
	char path[32];
	int fd, err;
	size_t nfds;

	if (fdpass_receive(g->marks, &o, sizeof(o), &fd, 1, &nfds) != sizeof(o) || nfds != 1)
		return false;
	/* By itself the call takes no O_PATH. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = fanotify_mark(g->fan[o.what], FAN_MARK_ADD | marks[o.what], events[o.what], AT_FDCWD,
			    path);
	err = err ? -errno : 0;
	close(fd);
	return fdpass_send(g->marks, &err, sizeof(err), NULL, 0) == 0;
}

/* A busy host, or one short of memory, may not make it late. What is refused, it does without. */
static void come_first(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		ssize_t ignored = write(fd, "-1000", 5);

		(void)ignored;
		close(fd);
	}
	setpriority(PRIO_PROCESS, 0, -20);
	sched_setscheduler(0, SCHED_RR, &(struct sched_param){ .sched_priority = 1 });
}

/* Both or none. */
static int open_groups(struct guard *g)
{
	unsigned file = O_RDONLY | O_CLOEXEC | O_LARGEFILE | O_NONBLOCK; /* NOLINT: two may be 0 */
	struct rlimit room = { DESCRIPTORS, DESCRIPTORS };
	unsigned flags = FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_MARKS |
			 FAN_UNLIMITED_QUEUE;
	int err = setrlimit(RLIMIT_NOFILE, &room) != 0 ? -errno : 0;

	/* A FIFO is opened for us as well, which may not wait. */
	for (int i = 0; i < 2 && !err; i++) {
		g->fan[i] = fanotify_init(flags, file);
		err = g->fan[i] < 0 ? -errno : 0;
	}
	for (int i = 0; i < 2 && err; i++) {
		close(g->fan[i]);
		g->fan[i] = -1;
	}
	return err;
}

static bool begin(struct guard *g)
{
	struct order o;
	size_t nfds;
	int err;

	if (fdpass_receive(g->marks, &o, sizeof(o), &g->asks, 1, &nfds) != sizeof(o) || nfds != 1)
		return false;
	g->limit_ns = o.limit_ns;
	g->tracer = o.tracer;
	err = open_groups(g);
	come_first();
	if (fdpass_send(g->marks, &err, sizeof(err), NULL, 0) != 0)
		return false;
	urgent_stay(); /* the tracer waits for the answer, not for this */
	return true;
}

static void run(int sock)
{
	static struct guard g;

	helper_tie();
	g = (struct guard){ .marks = sock, .fan = { -1, -1 }, .evictable = FAN_MARK_EVICTABLE };
	for (size_t i = 0; i < HELD_MAX; i++)
		g.held[i].fd = -1;
	if (!begin(&g))
		_exit(1);
	for (;;) {
		struct pollfd fds[] = { { .fd = g.asks, .events = POLLIN },
					{ .fd = g.marks, .events = POLLIN },
					{ .fd = g.fan[GATE_EXECS], .events = POLLIN },
					{ .fd = g.fan[GATE_OPENS], .events = POLLIN } };
		int ms = sooner(stops_service(&g.stops, now_ns()), wait_ms(&g, now_ns()));

		if (poll(fds, 4, ms) < 0 && errno != EINTR)
			_exit(1);
		if ((fds[0].revents | fds[1].revents) & (POLLHUP | POLLERR))
			_exit(0);
		read_words(&g);
		pass_late(&g, now_ns());
		if (fds[1].revents & POLLIN && !take_order(&g))
			_exit(0);
		for (int i = 0; i < 2; i++)
			if (fds[2 + i].revents)
				read_events(&g, i);
	}
}

/* ---- the tracer's side ---- */

/* 0 or -errno of the way there and back; *ret: of the gate. */
static int order(const struct gate *g, const struct order *o, int fd, int *ret)
{
	int err = fdpass_send(g->marks, o, sizeof(*o), &fd, 1);
	size_t nfds;

	*ret = 0;
	if (!err && fdpass_receive(g->marks, ret, sizeof(*ret), NULL, 0, &nfds) != sizeof(*ret))
		err = -EPIPE;
	return err;
}

int gate_start(struct gate *g, uint64_t limit_ns, int *ret_opens)
{
	struct order first = { .limit_ns = limit_ns, .tracer = getpid() };
	int asks[2], err;

	*g = (struct gate){ -1, -1 };
	*ret_opens = 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, asks) != 0)
		return -errno;
	g->asks = asks[0];
	g->marks = helper_spawn(SOCK_SEQPACKET, "llm-spy-gate", run);
	err = g->marks < 0 ? g->marks : order(g, &first, asks[1], ret_opens);
	close(asks[1]);
	if (err)
		gate_done(g);
	return err;
}

void gate_end(const struct gate *g)
{
	shutdown(g->marks, SHUT_RDWR);
	shutdown(g->asks, SHUT_RDWR);
}

void gate_done(struct gate *g)
{
	if (g->marks >= 0)
		close(g->marks);
	if (g->asks >= 0)
		close(g->asks);
	*g = (struct gate){ -1, -1 };
}

int gate_mark(const struct gate *g, enum gate_mark what, int fd)
{
	int answer, err = order(g, &(struct order){ .what = what }, fd, &answer);

	return err ? err : answer;
}

bool gate_next(const struct gate *g, struct gate_ask *ret, int *ret_fd)
{
	size_t nfds;

	*ret_fd = -1;
	return fdpass_receive(g->asks, ret, sizeof(*ret), ret_fd, 1, &nfds) == sizeof(*ret);
}

static void send_word(const struct gate *g, const struct word *w)
{
	fdpass_send(g->asks, w, sizeof(*w), NULL, 0);
}

void gate_answer(const struct gate *g, uint32_t id)
{
	send_word(g, &(struct word){ .what = ANSWER, .id = id });
}

void gate_stop(const struct gate *g, pid_t pid, pid_t tid)
{
	send_word(g, &(struct word){ .what = STOP, .pid = pid, .tid = tid });
}

void gate_go(const struct gate *g, pid_t tid)
{
	send_word(g, &(struct word){ .what = GO, .tid = tid });
}
