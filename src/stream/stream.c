/* SPDX-License-Identifier: MIT */
/* Connections are found by a hash of their identity and kept in order of their last chunk. A chunk
 * that is not the next one of its direction waits, in a list sorted by offset, until the bytes
 * before it come or are given up. */
#include "stream/stream.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/xalloc.h"
#include "capture/process.h"
#include "stream/procs.h"

/* Buckets of the hash: connections are bounded by the limit, so it need not grow. */
#define BUCKETS 4096
/* How long an earlier fragment is awaited. Events come at most some ms out of order. */
#define WAIT_NS 200000000ull
/* No TLS library reads or writes more at once. */
#define IO_MAX (1u << 30)
/* So that a list is never long to walk. */
#define HELD_MAX 1024

struct held {
	struct held *next;
	uint64_t off, ts_ns;
	size_t len;
	uint64_t missing; /* of a hole known by itself: no bytes */
	uint8_t bytes[];
};

struct flow {
	uint64_t next; /* offset of the byte that is awaited */
	bool begun;
	struct held *held;
	size_t held_bytes, held_count;
};

struct entry {
	struct conn conn; /* first: stream_out gets a pointer to it */
	struct flow flow[2];
	struct entry *chain; /* in its bucket */
	struct list order;
};

struct stream {
	struct limits *lim;
	const struct stream_out *out;
	void *arg;
	struct entry *buckets[BUCKETS];
	struct list order;     /* of struct entry.order, by their last chunk, the latest first */
	size_t count, waiting; /* entries; flows that hold something */
	struct procs *procs;
	struct stream_stats stats;
	int64_t wall_offset;
};

struct stream *stream_new(struct limits *lim, const struct stream_out *out, void *arg)
{
	struct stream *s = xcalloc(1, sizeof(*s));

	s->lim = lim;
	s->out = out;
	s->arg = arg;
	s->procs = procs_new();
	list_init(&s->order);
	return s;
}

/* NULL: there is no connection. */
static struct entry *oldest(const struct stream *s)
{
	struct list *l = list_last(&s->order);

	return l ? container_of(l, struct entry, order) : NULL;
}

static void flow_done(struct flow *f)
{
	while (f->held) {
		struct held *h = f->held;

		f->held = h->next;
		free(h);
	}
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	for (struct entry *e; (e = oldest(s));) {
		list_remove(&e->order);
		flow_done(&e->flow[0]);
		flow_done(&e->flow[1]);
		free(e);
	}
	procs_free(s->procs);
	free(s);
}

const struct stream_stats *stream_stats(const struct stream *s)
{
	return &s->stats;
}

int64_t stream_wall_offset(const struct stream *s)
{
	return s->wall_offset;
}

/* ---- the table ---- */

static struct entry **bucket(struct stream *s, const struct conn_id *id)
{
	uint64_t h = (id->object ^ (uint64_t)id->tgid << 40) * 0x9e3779b97f4a7c15ull;

	return &s->buckets[h >> 52 & (BUCKETS - 1)];
}

/* By process and object; the generation tells whether it still is the same connection. */
static struct entry *find(struct stream *s, const struct conn_id *id)
{
	struct entry *e = *bucket(s, id);

	while (e && (e->conn.id.object != id->object || e->conn.id.tgid != id->tgid))
		e = e->chain;
	return e;
}

static void unchain(struct stream *s, struct entry *e)
{
	struct entry **at = bucket(s, &e->conn.id);

	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
}

static void forget(struct stream *s, struct entry *e)
{
	unchain(s, e);
	list_remove(&e->order);
	s->count--;
	for (int d = 0; d < 2; d++) {
		s->waiting -= e->flow[d].held != NULL;
		flow_done(&e->flow[d]);
	}
	procs_unref(s->procs, e->conn.proc);
	if (e->conn.other)
		procs_unref(s->procs, e->conn.other);
	free(e);
}

/* ---- order ---- */

static void emit_bytes(struct stream *s, struct entry *e, enum dir d, uint64_t ts, struct span b)
{
	e->flow[d].next += b.len;
	e->conn.bytes[d] += b.len;
	s->stats.bytes[d] += b.len;
	if (b.len)
		s->out->bytes(s->arg, &e->conn, d, ts, b);
}

static void emit_gap(struct stream *s, struct entry *e, enum dir d, uint64_t ts, uint64_t n,
		     bool lost)
{
	e->flow[d].next += n;
	e->conn.missing[d] += n;
	s->stats.gaps++;
	s->stats.missing_bytes += n;
	s->out->gap(s->arg, &e->conn, d, ts, n, lost);
}

/* A piece at the awaited offset or before it. The bytes that were emitted already are left off. */
static void emit_piece(struct stream *s, struct entry *e, enum dir d, uint64_t ts, uint64_t off,
		       struct span b, uint64_t missing)
{
	uint64_t seen = e->flow[d].next - off;
	uint64_t len = missing ? missing : b.len;

	if (seen)
		s->stats.late_chunks++;
	if (seen >= len)
		return;
	if (missing)
		emit_gap(s, e, d, ts, missing - seen, false);
	else
		emit_bytes(s, e, d, ts, span_from(b, (size_t)seen));
}

static struct held *unhold(struct stream *s, struct flow *f)
{
	struct held *h = f->held;

	f->held = h->next;
	f->held_bytes -= h->len;
	f->held_count--;
	s->waiting -= f->held == NULL;
	return h;
}

/* Emits the held pieces that follow without a hole. */
static void emit_held(struct stream *s, struct entry *e, enum dir d)
{
	struct flow *f = &e->flow[d];

	while (f->held && f->held->off <= f->next) {
		struct held *h = unhold(s, f);

		emit_piece(s, e, d, h->ts_ns, h->off, span_of(h->bytes, h->len), h->missing);
		free(h);
	}
}

/* The bytes before the first held piece are given up: they become a gap. */
static void give_up_first(struct stream *s, struct entry *e, enum dir d)
{
	struct flow *f = &e->flow[d];

	emit_gap(s, e, d, f->held->ts_ns, f->held->off - f->next, true);
	emit_held(s, e, d);
}

static void hold(struct stream *s, struct entry *e, const struct chunk *c)
{
	struct flow *f = &e->flow[c->dir];
	struct held **at = &f->held;
	struct held *h;

	while (*at && (*at)->off <= c->off)
		at = &(*at)->next;
	h = xmalloc(sizeof(*h) + c->data.len);
	*h = (struct held){ .next = *at,
			    .off = c->off,
			    .ts_ns = c->ts_ns,
			    .len = c->data.len,
			    .missing = c->missing };
	if (c->data.len)
		memcpy(h->bytes, c->data.ptr, c->data.len);
	s->waiting += f->held == NULL;
	*at = h;
	f->held_bytes += h->len;
	if (f->held_bytes <= s->lim->max[LIMIT_reorder] && ++f->held_count <= HELD_MAX)
		return;
	limit_hit(s->lim, LIMIT_reorder);
	give_up_first(s, e, c->dir);
}

/* Emits all that a flow holds, with its holes, and a gap for what `total` counts beyond that. */
static void drain(struct stream *s, struct entry *e, enum dir d, uint64_t ts, uint64_t total)
{
	struct flow *f = &e->flow[d];

	while (f->held)
		if (f->held->off > f->next)
			give_up_first(s, e, d);
		else
			emit_held(s, e, d);
	if ((f->begun || e->conn.from_start) && total > f->next)
		emit_gap(s, e, d, ts, total - f->next, true);
}

/* ---- connections ---- */

static void close_entry(struct stream *s, struct entry *e, uint64_t ts, const uint64_t *totals,
			bool ended)
{
	for (int d = 0; d < 2; d++)
		drain(s, e, (enum dir)d, ts, totals ? totals[d] : 0);
	s->out->close(s->arg, &e->conn, ts, ended);
	forget(s, e);
}

static struct entry *add(struct stream *s, const struct chunk *c)
{
	struct entry *e = xcalloc(1, sizeof(*e));
	struct entry **at = bucket(s, &c->conn);

	e->conn.id = c->conn;
	e->conn.from_start = c->flags & CHUNK_FROM_START;
	e->conn.cleartext = c->flags & CHUNK_CLEARTEXT;
	e->conn.stdio = c->flags & CHUNK_STDIO;
	e->conn.proc = procs_ref(s->procs, c->conn.tgid, c->uid, c->cgroup, c->comm);
	e->chain = *at;
	*at = e;
	list_add_first(&s->order, &e->order);
	s->count++;
	s->stats.conns++;
	return e;
}

/* The connection of a chunk, added when it is new. NULL for a late chunk of an earlier connection
 * at the same address, which was closed when this one began. */
static struct entry *entry_of(struct stream *s, const struct chunk *c)
{
	struct entry *e = find(s, &c->conn);

	if (e && e->conn.id.first_seen_ns > c->conn.first_seen_ns) {
		s->stats.late_chunks++;
		return NULL;
	}
	if (e && e->conn.id.first_seen_ns != c->conn.first_seen_ns) {
		close_entry(s, e, c->ts_ns, NULL, false);
		e = NULL;
	}
	if (!e && s->count >= s->lim->max[LIMIT_connections]) {
		limit_hit(s->lim, LIMIT_connections);
		close_entry(s, oldest(s), c->ts_ns, NULL, false);
	}
	if (!e)
		e = add(s, c);
	list_remove(&e->order);
	list_add_first(&s->order, &e->order);
	e->conn.seen_ns = c->ts_ns;
	e->conn.hooked_late |= (c->flags & CHUNK_LATE) != 0;
	e->conn.tid = c->tid;
	memcpy(e->conn.comm, c->comm, sizeof(e->conn.comm));
	return e;
}

/* One piece, or one hole: emitted if it is the next one, else held. */
static void place(struct stream *s, struct entry *e, const struct chunk *c)
{
	if (c->off > e->flow[c->dir].next) {
		hold(s, e, c);
		return;
	}
	emit_piece(s, e, c->dir, c->ts_ns, c->off, c->data, c->missing);
	emit_held(s, e, c->dir);
}

static void on_data(struct stream *s, const struct chunk *c)
{
	struct entry *e = entry_of(s, c);
	struct flow *f;

	if (!e)
		return;
	if (!c->io_off) {
		e->conn.ios++;
		e->conn.implausible_ios += c->flags & CHUNK_MISSING || c->io_len > IO_MAX;
	}
	f = &e->flow[c->dir];
	if (!f->begun) {
		f->begun = true;
		f->next = e->conn.from_start ? 0 : c->off;
	}
	place(s, e, c);
}

static void on_close(struct stream *s, const struct chunk *c)
{
	struct entry *e = find(s, &c->conn);

	if (e && e->conn.id.first_seen_ns == c->conn.first_seen_ns)
		close_entry(s, e, c->ts_ns, c->totals, !(c->flags & CHUNK_LEFT_OPEN));
}

/* What its parent has begun, a process that was forked goes on with: from now on it is its own. */
static void on_forked(struct stream *s, const struct chunk *c)
{
	struct conn_id was = { .tgid = c->io_seq, .object = c->conn.object };
	struct entry *e = find(s, &was), **at;

	if (!e || e->conn.id.first_seen_ns != c->off || find(s, &c->conn))
		return;
	unchain(s, e);
	procs_unref(s->procs, e->conn.proc);
	e->conn.proc = procs_ref(s->procs, c->conn.tgid, c->uid, c->cgroup, c->comm);
	e->conn.id = c->conn;
	at = bucket(s, &c->conn);
	e->chain = *at;
	*at = e;
	entry_of(s, c);
}

static void on_refused(struct stream *s, const struct chunk *c)
{
	struct entry *e = entry_of(s, c);

	if (!e || e->conn.bytes[DIR_READ])
		return;
	drain(s, e, DIR_WRITE, c->ts_ns, c->off);
	if (s->out->refused)
		s->out->refused(s->arg, &e->conn, c->ts_ns);
}

static void on_other(struct stream *s, const struct chunk *c)
{
	struct entry *e = entry_of(s, c);
	struct proc *before = e ? e->conn.other : NULL;

	if (!e)
		return;
	e->conn.other = c->off && c->off <= UINT32_MAX
				? procs_ref(s->procs, (uint32_t)c->off, c->uid, c->cgroup, "")
				: NULL;
	if (before)
		procs_unref(s->procs, before);
}

/* What the process had open is over where it stands, except sockets: the kernel sends what is left
 * in them, and says so when they are gone. */
static void on_exit_of(struct stream *s, const struct chunk *c)
{
	for (struct list *at = s->order.next, *next; at != &s->order; at = next) {
		struct entry *e = container_of(at, struct entry, order);

		next = at->next;
		if (e->conn.id.tgid == c->conn.tgid && e->conn.id.first_seen_ns <= c->ts_ns &&
		    (!e->conn.cleartext || e->conn.stdio))
			close_entry(s, e, c->ts_ns, NULL, false);
	}
}

/* A name that a program may ask for: letters, digits, '-', '_', '.'; in lower case. */
static void set_host(struct conn *c, struct span name)
{
	if (name.len >= sizeof(c->host))
		return;
	for (size_t i = 0; i < name.len; i++) {
		uint8_t b = name.ptr[i];

		if (b >= 'A' && b <= 'Z')
			b |= 0x20;
		if (!((b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || strchr("-_.:", b)) ||
		    !b) {
			c->host[0] = '\0';
			return;
		}
		c->host[i] = (char)b;
	}
	c->host[name.len] = '\0';
}

static void on_host(struct stream *s, const struct chunk *c)
{
	struct entry *e = entry_of(s, c);

	if (e && !(c->flags & CHUNK_SEEN_NAME && e->conn.host[0]))
		set_host(&e->conn, c->data);
}

static void on_endpoints(struct stream *s, const struct chunk *c)
{
	struct entry *e = entry_of(s, c);

	/* Malformed endpoints change nothing. */
	if (e && endpoints_decode(c->data, &e->conn.endpoints) == 0 && s->out->endpoints)
		s->out->endpoints(s->arg, &e->conn);
}

static void on_key(struct stream *s, const struct chunk *c)
{
	const struct conn_id *id = &c->conn;
	struct entry *e = find(s, id);

	if (e && e->conn.id.first_seen_ns == id->first_seen_ns && s->out->key)
		s->out->key(s->arg, &e->conn, c->off, c->data);
}

static void on_proc(struct stream *s, const struct chunk *c)
{
	struct proc_text text;

	if (proc_decode(c->data, &text) == 0)
		procs_describe(s->procs, c->conn.tgid, c->uid, &text);
}

void stream_feed(struct stream *s, const struct chunk *c)
{
	switch (c->kind) {
	case CHUNK_DATA:
		on_data(s, c);
		break;
	case CHUNK_CLOSE:
		on_close(s, c);
		break;
	case CHUNK_HOST:
		on_host(s, c);
		break;
	case CHUNK_ENDPOINTS:
		on_endpoints(s, c);
		break;
	case CHUNK_EXIT:
		on_exit_of(s, c);
		break;
	case CHUNK_PROC:
		on_proc(s, c);
		break;
	case CHUNK_OTHER:
		on_other(s, c);
		break;
	case CHUNK_REFUSED:
		on_refused(s, c);
		break;
	case CHUNK_FORKED:
		on_forked(s, c);
		break;
	case CHUNK_KEY:
		on_key(s, c);
		break;
	case CHUNK_CLOCK:
		s->wall_offset = (int64_t)c->off;
		break;
	case CHUNK_LOST:
		s->stats.lost_events += c->off;
		break;
	}
}

void stream_tick(struct stream *s, uint64_t now_ns)
{
	if (!s->waiting)
		return;
	list_each(at, &s->order)
	{
		struct entry *e = container_of(at, struct entry, order);

		for (int d = 0; d < 2; d++)
			if (e->flow[d].held && e->flow[d].held->ts_ns + WAIT_NS < now_ns)
				give_up_first(s, e, (enum dir)d);
	}
}

void stream_finish(struct stream *s, uint64_t now_ns)
{
	while (!list_is_empty(&s->order))
		close_entry(s, oldest(s), now_ns, NULL, false);
}
