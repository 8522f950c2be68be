/* SPDX-License-Identifier: MIT */
#include "source/live.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/types.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "capture/endpoints.h"
#include "capture/hello.h"
#include "kernel/bpf.h"
#include "probes/event.h"
#include "proc/identity.h"
#include "proc/list.h"
#include "source/asked_names.h"
#include "source/describer.h"
#include "source/kernel_buffer.h"
#include "source/stdio.h"

/* Connections whose process was described lately. One that falls out of its place is described
 * again: that costs a little and is harmless. */
#define KNOWN 1024

/* Processes that end at once: of more, connections are open until the tracer ends. */
#define ENDING 256
/* What such a process sent before is in the buffer, and is out of it when it was empty so much
 * later: perf buffers hold it back for some ms, to bring it in order. */
#define ENDED_NS 20000000ull
/* Not in the headers of older distributions; the same on all machines. */
#define PIDFD_OPEN 434

/* Network namespaces told apart at once: one more takes the place of that unused for longest. */
#define NAMESPACES 256

/* More than the probe remembers, so that a walk ends. */
#define CONNS_WALKED (1u << 20)

struct live {
	struct source source; /* first */
	struct events *events;
	struct describer *describer;
	struct stdio *stdio; /* NULL: off */
	chunk_fn fn;
	void *arg;
	exec_fn on_exec; /* may be NULL */
	void *exec_arg;
	connect_fn on_connect; /* may be NULL */
	void *connect_arg;
	struct asked_names asked;
	notice_fn on_notice; /* may be NULL */
	void *notice_arg;
	uint64_t count, lost;
	int conns; /* map */
	struct conn_id known[KNOWN];
	struct netns {
		uint64_t address;      /* the kernel's */
		uint64_t number, used; /* used: by nused */
	} netns[NAMESPACES];
	uint64_t nnetns, nused; /* ever */
	struct ending {
		uint32_t tgid;
		int pidfd;	   /* readable when all its threads have ended; -1: they have */
		uint64_t ended_ns; /* when that was noticed; 0: not yet */
	} ending[ENDING];
	size_t nending;
};

static int64_t wall_offset(void)
{
	struct timespec m, w;

	clock_gettime(CLOCK_MONOTONIC, &m);
	clock_gettime(CLOCK_REALTIME, &w);
	return (w.tv_sec - m.tv_sec) * 1000000000ll + (w.tv_nsec - m.tv_nsec);
}

static const struct source_ops live_ops;

int live_open(struct live **ret, bool ring, const struct live_maps *maps, size_t bytes, chunk_fn fn,
	      void *arg, struct error *reterr)
{
	struct chunk clock = { .kind = CHUNK_CLOCK, .off = (uint64_t)wall_offset() };
	struct live *l = xcalloc(1, sizeof(*l));
	int err;

	l->source.ops = &live_ops;
	l->describer = describer_new();
	l->conns = maps->conns;
	l->fn = fn;
	l->arg = arg;
	err = events_open(ring, maps->events, bytes, &l->events, reterr);
	if (!err)
		err = fn(arg, &clock);
	if (err) {
		live_free(l);
		return err;
	}
	*ret = l;
	return 0;
}

void live_on_exec(struct live *l, exec_fn fn, void *arg)
{
	l->on_exec = fn;
	l->exec_arg = arg;
}

void live_on_connect(struct live *l, connect_fn fn, void *arg)
{
	l->on_connect = fn;
	l->connect_arg = arg;
}

void live_on_notice(struct live *l, notice_fn fn, void *arg)
{
	l->on_notice = fn;
	l->notice_arg = arg;
}

void live_free(struct live *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->nending; i++)
		if (l->ending[i].pidfd >= 0)
			close(l->ending[i].pidfd);
	events_free(l->events);
	stdio_free(l->stdio);
	describer_free(l->describer);
	free(l);
}

static size_t live_pollfds(const struct source *s, struct pollfd *fds, size_t max)
{
	return events_pollfds(((const struct live *)s)->events, fds, max);
}

static bool is_known(struct live *l, const struct conn_id *id)
{
	struct conn_id *k =
		&l->known[(id->object >> 4 ^ id->tgid ^ id->first_seen_ns >> 10) % KNOWN];
	bool known = k->tgid == id->tgid && k->object == id->object &&
		     k->first_seen_ns == id->first_seen_ns;

	*k = *id;
	return known;
}

static int describe(struct live *l, const struct chunk *of)
{
	struct chunk c = *of;
	struct buf text;
	int err = 0;

	buf_init(&text, IDENTITY_MAX);
	if (describer_get(l->describer, of, &text)) {
		c.kind = CHUNK_PROC;
		c.data = buf_span(&text);
		err = l->fn(l->arg, &c);
	}
	buf_done(&text);
	return err;
}

static int describe_for_stdio(void *arg, const struct chunk *of)
{
	return describe(arg, of);
}

static int pass_on(void *arg, const struct chunk *c)
{
	struct live *l = arg;

	return l->fn(l->arg, c);
}

void live_with_stdio(struct live *l, int files)
{
	struct stdio_out out = { .describe = describe_for_stdio, .chunk = pass_on, .arg = l };

	l->stdio = stdio_new(files, &out);
}

void live_describe(struct live *l, pid_t pid)
{
	struct chunk of = { .conn = { .tgid = (uint32_t)pid }, .uid = proc_uid(pid) };
	struct buf ignored;

	buf_init(&ignored, IDENTITY_MAX);
	describer_get(l->describer, &of, &ignored);
	buf_done(&ignored);
}

/* What was learned of processes after their first events. */
static int describe_late(struct live *l)
{
	struct chunk c;
	int err = 0;

	while (!err && describer_late(l->describer, &c))
		err = l->fn(l->arg, &c);
	return err;
}

/* The kernel's addresses stay with us: namespaces are numbered in the order of their first sight.
 */
static uint64_t number_netns(struct live *l, uint64_t address)
{
	struct netns *n = l->netns;

	if (!address)
		return 0;
	for (size_t i = 0; i < NAMESPACES && n->address != address; i++)
		if (l->netns[i].address == address || l->netns[i].used < n->used)
			n = &l->netns[i];
	if (n->address != address)
		*n = (struct netns){ .address = address, .number = ++l->nnetns };
	n->used = ++l->nused;
	return n->number;
}

/* And, once it is known on which socket the connection is, the name that it asked for there. */
static int give_ends(struct live *l, struct chunk *c)
{
	uint8_t encoded[ENDPOINTS_ENCODED];
	struct endpoints e;
	const char *name;
	int err;

	if (endpoints_decode(c->data, &e) != 0)
		return 0;
	e.netns = number_netns(l, e.netns);
	endpoints_encode(&e, encoded);
	c->data = span_of(encoded, sizeof(encoded));
	err = l->fn(l->arg, c);
	name = asked_names_find(&l->asked, c->conn.tgid, &e);
	if (err || !name)
		return err;
	c->kind = CHUNK_HOST;
	c->flags |= CHUNK_SEEN_NAME;
	c->data = span_str(name);
	return l->fn(l->arg, c);
}

/* ---- processes that end ---- */

static void begin_ending(struct live *l, uint32_t tgid)
{
	struct ending *e = &l->ending[l->nending];

	if (l->nending == ENDING)
		return;
	l->nending++;
	*e = (struct ending){ .tgid = tgid };
	e->pidfd = (int)syscall(PIDFD_OPEN, tgid, 0);
}

/* Its first thread may end long before the others. Without its descriptor, it is gone when nobody
 * has its number any more. */
static bool has_ended(const struct ending *e)
{
	struct pollfd fd = { .fd = e->pidfd, .events = POLLIN };

	return e->pidfd >= 0 ? poll(&fd, 1, 0) == 1
			     : kill((pid_t)e->tgid, 0) != 0 && errno == ESRCH;
}

static int close_one(struct live *l, const struct spy_conn_key *key)
{
	struct chunk c = { .kind = CHUNK_CLOSE,
			   .flags = CHUNK_LEFT_OPEN,
			   .conn = { .tgid = key->tgid, .object = key->tls },
			   .ts_ns = now_ns() };
	struct spy_conn conn;

	/* Sockets go on without their process. */
	if (bpf_map_get(l->conns, key, &conn) != 0 || conn.plain)
		return 0;
	c.conn.first_seen_ns = conn.first_seen_ns;
	c.totals[0] = conn.off[0];
	c.totals[1] = conn.off[1];
	return l->fn(l->arg, &c);
}

/* What was passed through a connection that nobody has closed: its last events may have been lost.
 * tgid 0: of all. Keys are gathered first, since what is deleted ends a walk. */
static int close_left_open(struct live *l, uint32_t tgid)
{
	struct spy_conn_key *keys = NULL, key;
	size_t count = 0;
	int err = 0;

	for (bool more = bpf_map_next(l->conns, NULL, &key) == 0; more && count < CONNS_WALKED;
	     more = bpf_map_next(l->conns, &keys[count - 1], &key) == 0) {
		keys = xgrow(keys, count, sizeof(*keys));
		keys[count++] = key;
	}
	for (size_t i = 0; i < count && !err; i++)
		if (!tgid || keys[i].tgid == tgid)
			err = close_one(l, &keys[i]);
	free(keys);
	return err;
}

static int end(struct live *l, const struct ending *e)
{
	struct chunk c = { .kind = CHUNK_EXIT, .conn = { .tgid = e->tgid }, .ts_ns = e->ended_ns };
	int err = close_left_open(l, e->tgid);

	if (!err && l->stdio)
		err = stdio_exit(l->stdio, e->tgid, e->ended_ns);
	return err ? err : l->fn(l->arg, &c);
}

/* begun_ns: when the last drain began. */
static int end_processes(struct live *l, uint64_t begun_ns)
{
	size_t kept = 0;
	int err = 0;

	for (size_t i = 0; i < l->nending; i++) {
		struct ending e = l->ending[i];

		if (!e.ended_ns && has_ended(&e))
			e.ended_ns = now_ns();
		if (err || !e.ended_ns || e.ended_ns + ENDED_NS > begun_ns ||
		    !events_drained(l->events)) {
			l->ending[kept++] = e;
			continue;
		}
		if (e.pidfd >= 0)
			close(e.pidfd);
		describer_forget(l->describer, e.tgid);
		err = end(l, &e);
	}
	l->nending = kept;
	return err;
}

/* ---- events ---- */

static bool is_notice(struct live *l, const void *raw, size_t len)
{
	struct notice n;

	if (!chunk_notice(raw, len, &n))
		return false;
	n.ends.netns = number_netns(l, n.ends.netns);
	if (!n.seq && !n.received)
		describer_prepare(l->describer, n.tgid);
	asked_names_note(&l->asked, &n);
	if (l->on_notice)
		l->on_notice(l->notice_arg, &n);
	return true;
}

/* True for an event that is for the tracer itself. */
static bool is_told(struct live *l, const void *raw, size_t len)
{
	uint32_t tid, tgid = chunk_exec(raw, len, &tid);
	struct spy_exec_names names;
	struct span encoded;
	uint64_t ts_ns;
	struct endpoints endpoints;

	if (tgid) {
		describer_forget(l->describer, tgid);
		if (chunk_exec_names(raw, len, &names, &ts_ns))
			describer_note(l->describer, tgid, ts_ns, &names);
		if (l->on_exec)
			l->on_exec(l->exec_arg, tgid, tid);
		return true;
	}
	tgid = chunk_exit(raw, len);
	if (tgid) {
		begin_ending(l, tgid);
		return true;
	}
	if (is_notice(l, raw, len))
		return true;
	tgid = chunk_connect(raw, len, &encoded);
	if (tgid)
		describer_prepare(l->describer, tgid);
	if (tgid && l->on_connect && endpoints_decode(encoded, &endpoints) == 0)
		l->on_connect(l->connect_arg, tgid, &endpoints);
	return tgid != 0;
}

static int on_event(void *arg, const void *raw, size_t len)
{
	struct live *l = arg;
	struct chunk c = { .kind = CHUNK_LOST, .off = len };
	struct spy_file_ends ends;
	int err = 0;

	if (raw && is_told(l, raw, len))
		return 0;
	if (raw && l->stdio && chunk_file(raw, len, &c, &ends))
		return stdio_file(l->stdio, &c, &ends);
	l->count++;
	if (!raw) {
		l->lost += len;
		return l->fn(l->arg, &c);
	}
	if (chunk_from_event(raw, len, &c) != 0) {
		log_debug("capture", "ignored a malformed event of %zu bytes", len);
		return 0;
	}
	if (l->stdio && c.kind == CHUNK_DATA && c.flags & CHUNK_STDIO)
		return stdio_data(l->stdio, &c);
	if (c.kind != CHUNK_CLOSE && !is_known(l, &c.conn))
		err = describe(l, &c);
	if (err)
		return err;
	return c.kind == CHUNK_ENDPOINTS ? give_ends(l, &c) : l->fn(l->arg, &c);
}

static int drain(struct live *l, bool all, size_t budget)
{
	uint64_t begun_ns = now_ns();
	int err = events_drain(l->events, on_event, l, all, budget);

	err = err ? err : describe_late(l);
	if (!err && l->stdio && events_drained(l->events))
		err = stdio_tick(l->stdio, begun_ns);
	return err || !l->nending ? err : end_processes(l, begun_ns);
}

static int live_service(struct source *s, size_t budget)
{
	return drain((struct live *)s, false, budget);
}

static int live_finish(struct source *s)
{
	struct live *l = (struct live *)s;
	int err = drain(l, true, SIZE_MAX);

	if (!err && l->stdio)
		err = stdio_finish(l->stdio);
	return err ? err : close_left_open(l, 0);
}

static uint64_t live_count(const struct source *s)
{
	return ((const struct live *)s)->count;
}

static const struct source_ops live_ops = {
	.name = "live",
	.pollfds = live_pollfds,
	.service = live_service,
	.finish = live_finish,
	.count = live_count,
};

struct source *live_source(struct live *l)
{
	return &l->source;
}

uint64_t live_lost(const struct live *l)
{
	return l->lost;
}
