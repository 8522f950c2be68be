/* SPDX-License-Identifier: MIT */
#include "report/carried.h"

#include <stdlib.h>

#include "base/xalloc.h"

/* Connections noticed and not settled yet; of more, the oldest is forgotten. */
#define NOTICED_MAX 1024
/* Captured connections, in sets; in each, that unused for longest gives way. */
#define SETS	512
#define WAYS	8
#define BUCKETS 1024 /* a power of two */
/* How long after its first data a connection may turn out to be captured. */
#define SETTLE_NS 3000000000ull
/* A TLS object may be made, or found by its first data, so long before its connection. */
#define BEFORE_NS 10000000000ull
#define LOOK_NS	  500000000ull
/* The first data of a TLS object is told of when its library returns; what it sent, before. */
#define RETURN_NS 200000000ull

/* Handshakes that were sent, or received, lately. */
#define PASSED_MAX 2048

struct noticed {
	uint64_t id;   /* 0: free */
	uint64_t mark; /* hello_mark */
	uint32_t tgid, uid;
	uint64_t begun_ns, moved_ns; /* moved_ns 0: not yet */
	bool quic, settled;
	struct hello_flow flow;
	struct endpoints ends;
	char server_name[HELLO_NAME];
	char comm[17];
};

struct captured {
	struct conn_id id; /* tgid 0: free */
	uint64_t last_ns;
	uint64_t stands_for; /* id of what was noticed; 0: nothing */
	struct endpoints ends;
	bool data, server;
	bool written;				  /* of its data, some was sent */
	bool late;				  /* its connection had moved data before */
	struct captured *port_chain, *tgid_chain; /* of carried_settle */
};

/* Who passes on the handshake of another has received it, in plain TCP or within TLS; or another of
 * this host has sent it before. */
struct passed {
	uint64_t mark, ts_ns;
	uint32_t tgid;
	bool received;
};

struct carried {
	struct passed passed[PASSED_MAX];
	size_t npassed; /* ever */
	struct noticed noticed[NOTICED_MAX];
	uint64_t ids[NOTICED_MAX]; /* theirs, which are looked for often */
	size_t nnoticed;	   /* ever */
	size_t moved;		   /* of noticed */
	struct captured captured[SETS][WAYS];
	struct captured *last; /* asked for before */
	/* Those with data, by their own port and by their process: of carried_settle. */
	struct captured *by_port[BUCKETS], *by_tgid[BUCKETS];
	uint64_t looked_ns;
	struct carried_stats stats;
};

struct carried *carried_new(void)
{
	struct carried *c = xcalloc(1, sizeof(*c));

	c->last = &c->captured[0][0];
	return c;
}

void carried_free(struct carried *c)
{
	free(c);
}

struct carried_stats carried_stats(const struct carried *c)
{
	return c->stats;
}

/* ---- what is noticed ---- */

/* The last one first: most are told of right after they began. */
static struct noticed *find(struct carried *c, uint64_t id)
{
	for (size_t i = 0; i < NOTICED_MAX; i++) {
		size_t at = (c->nnoticed - 1 - i) % NOTICED_MAX;

		if (c->ids[at] == id)
			return c->noticed[at].settled ? NULL : &c->noticed[at];
	}
	return NULL;
}

static bool is_open(const struct noticed *n)
{
	return n->moved_ns && !n->settled;
}

/* Its place is another's when all are taken: until then, what is captured later is known to be
 * late. */
static void close_case(struct carried *c, struct noticed *n)
{
	c->moved -= is_open(n);
	n->settled = true;
}

static void forget(struct carried *c, struct noticed *n)
{
	close_case(c, n);
	*n = (struct noticed){ 0 };
}

/* In the place of the oldest. */
static struct noticed *add(struct carried *c, uint64_t id)
{
	size_t at = c->nnoticed++ % NOTICED_MAX;

	if (c->noticed[at].id)
		forget(c, &c->noticed[at]);
	c->ids[at] = id;
	return &c->noticed[at];
}

static void note_passed(struct carried *c, uint64_t mark, uint32_t tgid, uint64_t ts_ns,
			bool received)
{
	if (mark)
		c->passed[c->npassed++ % PASSED_MAX] =
			(struct passed){ mark, ts_ns, tgid, received };
}

/* Whether it is another's. */
static bool is_passed_on(const struct carried *c, const struct noticed *n)
{
	for (size_t i = 0; i < PASSED_MAX; i++) {
		const struct passed *p = &c->passed[i];

		if (n->mark && p->mark == n->mark &&
		    (p->received ? p->tgid == n->tgid : p->ts_ns < n->begun_ns))
			return true;
	}
	return false;
}

static void begin(struct carried *c, const struct notice *from)
{
	struct noticed *n = add(c, from->id);

	c->stats.noticed++;
	*n = (struct noticed){ .id = from->id,
			       .tgid = from->tgid,
			       .uid = from->uid,
			       .begun_ns = from->ts_ns,
			       .quic = from->datagram,
			       .mark = hello_mark(from->data, from->datagram),
			       .ends = from->ends };
	note_passed(c, n->mark, n->tgid, n->begun_ns, false);
	memcpy(n->comm, from->comm, sizeof(n->comm));
	if (!n->quic)
		hello_server_name(from->data, n->server_name);
}

void carried_notice(struct carried *c, const struct notice *from)
{
	struct noticed *n;

	if (!from->id)
		return;
	if (from->received) {
		note_passed(c, hello_mark(from->data, from->datagram), from->tgid, from->ts_ns,
			    true);
		return;
	}
	if (!from->seq) {
		begin(c, from);
		return;
	}
	n = find(c, from->id);
	if (!n || n->moved_ns)
		return;
	if (n->quic)
		hello_flow_quic(&n->flow, from->data);
	else
		hello_flow_tls(&n->flow, from->data, from->sent);
	if (!n->flow.moved)
		return;
	n->moved_ns = from->ts_ns ? from->ts_ns : 1;
	c->moved++;
	c->stats.moved++;
}

/* ---- what is captured ---- */

static bool is_it(const struct captured *k, const struct conn_id *id)
{
	return k->id.tgid == id->tgid && k->id.object == id->object &&
	       k->id.first_seen_ns == id->first_seen_ns;
}

static struct captured *captured_of(struct carried *c, const struct conn_id *id)
{
	uint64_t h =
		(id->object ^ (uint64_t)id->tgid << 40 ^ id->first_seen_ns) * 0x9e3779b97f4a7c15ull;
	struct captured *set = c->captured[h >> 54 & (SETS - 1)], *k = set;

	if (is_it(c->last, id))
		return c->last;
	for (size_t i = 0; i < WAYS; i++) {
		if (is_it(&set[i], id))
			return c->last = &set[i];
		if (set[i].last_ns < k->last_ns)
			k = &set[i];
	}
	*k = (struct captured){ .id = *id };
	return c->last = k;
}

/* A method of HTTP, which only a server reads. Which direction was first is no sign: a write may
 * be told of after the answer to it. */
static bool is_request(struct span s)
{
	for (size_t i = 0; i < 3; i++)
		if (i >= s.len || s.ptr[i] < 'A' || s.ptr[i] > 'Z')
			return false;
	return !span_starts(s, SPAN_LIT("HTTP"));
}

static bool has_ends_of(const struct captured *k, const struct noticed *n)
{
	return k->ends.family && k->ends.family == n->ends.family &&
	       (!k->ends.netns || !n->ends.netns || k->ends.netns == n->ends.netns) &&
	       endpoint_eq(&k->ends.local, &n->ends.local) &&
	       endpoint_eq(&k->ends.peer, &n->ends.peer);
}

static bool is_late(const struct carried *c, const struct captured *k)
{
	for (size_t i = 0; i < NOTICED_MAX; i++) {
		const struct noticed *n = &c->noticed[i];

		if (n->moved_ns && n->moved_ns + RETURN_NS < k->id.first_seen_ns &&
		    has_ends_of(k, n))
			return true;
	}
	return false;
}

bool carried_chunk(struct carried *c, const struct chunk *k)
{
	struct captured *t;

	if ((k->kind != CHUNK_DATA && k->kind != CHUNK_ENDPOINTS) || k->flags & CHUNK_CLEARTEXT ||
	    !k->conn.tgid)
		return false;
	t = captured_of(c, &k->conn);
	if (k->ts_ns > t->last_ns)
		t->last_ns = k->ts_ns;
	if (k->kind == CHUNK_ENDPOINTS) {
		if (endpoints_decode(k->data, &t->ends) == 0)
			t->late = !(k->flags & CHUNK_FROM_START) && is_late(c, t);
		return t->late;
	}
	if (k->dir == DIR_READ && k->data.len && k->data.ptr[0] == 0x16)
		note_passed(c, hello_mark(k->data, false), k->conn.tgid, k->ts_ns, true);
	t->server |= k->dir == DIR_READ && !k->off && is_request(k->data);
	t->written |= k->dir == DIR_WRITE;
	t->data = true;
	return t->late;
}

void carried_lost(struct carried *c)
{
	for (size_t i = 0; i < NOTICED_MAX; i++)
		if (c->noticed[i].id)
			forget(c, &c->noticed[i]);
}

/* ---- both ---- */

/* It has the endpoints of one that is not settled yet. Those of one without data are wrong. */
static bool is_pending(const struct carried *c, const struct captured *k)
{
	for (size_t i = 0; i < NOTICED_MAX; i++)
		if (is_open(&c->noticed[i]) && has_ends_of(k, &c->noticed[i]))
			return true;
	return false;
}

/* It may be the object of this connection, or its endpoints are those of another. */
static bool may_be(const struct captured *k, const struct noticed *n)
{
	return k->id.tgid == n->tgid && k->data && !k->server && !k->stands_for &&
	       k->last_ns >= n->begun_ns && k->id.first_seen_ns + BEFORE_NS >= n->begun_ns &&
	       k->id.first_seen_ns <= n->moved_ns + SETTLE_NS;
}

static size_t bucket(uint32_t number)
{
	return number & (BUCKETS - 1);
}

static void index_captured(struct carried *c)
{
	struct captured *k = &c->captured[0][0], *end = k + (size_t)SETS * WAYS;

	memset(c->by_port, 0, sizeof(c->by_port));
	memset(c->by_tgid, 0, sizeof(c->by_tgid));
	for (; k < end; k++) {
		struct captured **port = &c->by_port[bucket(k->ends.local.port)];
		struct captured **tgid = &c->by_tgid[bucket(k->id.tgid)];

		if (!k->data)
			continue;
		k->port_chain = *port;
		k->tgid_chain = *tgid;
		*port = *tgid = k;
	}
}

/* Of several the latest: where nobody tells that an object is freed, the one before at its address
 * may be given the endpoints of the next connection. */
static struct captured *find_same(const struct carried *c, const struct noticed *n)
{
	struct captured *best = NULL, *k = c->by_port[bucket(n->ends.local.port)];

	for (; k; k = k->port_chain)
		if (has_ends_of(k, n) && k->last_ns >= n->begun_ns &&
		    (!best || k->id.first_seen_ns > best->id.first_seen_ns))
			best = k;
	return best;
}

/* The one that ended first: others may be of what began later. */
static struct captured *find_likely(const struct carried *c, const struct noticed *n)
{
	struct captured *best = NULL, *k = c->by_tgid[bucket(n->tgid)];

	for (; k; k = k->tgid_chain)
		if (may_be(k, n) && (!best || k->last_ns < best->last_ns) && !is_pending(c, k))
			best = k;
	return best;
}

static bool has_captured(const struct carried *c, uint32_t tgid)
{
	const struct captured *k = c->by_tgid[bucket(tgid)];

	while (k && k->id.tgid != tgid)
		k = k->tgid_chain;
	return k != NULL;
}

/* What a library without a link between its directions has sent is another object's. */
static bool is_unwritten(const struct carried *c, const struct noticed *n,
			 const struct captured *found)
{
	const struct captured *k = c->by_tgid[bucket(n->tgid)];

	if (found->written || found->late || found->server)
		return false;
	while (k && (!may_be(k, n) || !k->written))
		k = k->tgid_chain;
	return k == NULL;
}

static void tell(const struct carried *c, const struct noticed *n, const struct captured *found,
		 uncarried_fn fn, void *arg)
{
	struct uncarried u = { .tgid = n->tgid,
			       .uid = n->uid,
			       .begun_ns = n->begun_ns,
			       .moved_ns = n->moved_ns,
			       .quic = n->quic,
			       .joined = found && found->late,
			       .unwritten = found && !found->late,
			       .captured = has_captured(c, n->tgid) };

	memcpy(u.server_name, n->server_name, sizeof(u.server_name));
	memcpy(u.comm, n->comm, sizeof(u.comm));
	if (n->ends.peer.port)
		endpoint_text(n->ends.family, &n->ends.peer, u.peer);
	fn(arg, &u);
}

/* Those whose endpoints are known to be captured are done with. */
static void settle_same(struct carried *c, uint64_t now_ns, bool at_end, uncarried_fn fn, void *arg)
{
	for (size_t i = 0; i < NOTICED_MAX; i++) {
		struct noticed *n = &c->noticed[i];
		struct captured *k = is_open(n) && !n->quic ? find_same(c, n) : NULL;
		bool unwritten;

		if (!k)
			continue;
		unwritten = is_unwritten(c, n, k);
		/* It may be told of its writing yet. */
		if (unwritten && !at_end && n->moved_ns + SETTLE_NS > now_ns)
			continue;
		k->stands_for = n->id;
		c->stats.same++;
		close_case(c, n);
		if (k->late || unwritten)
			tell(c, n, k, fn, arg);
	}
}

static void settle(struct carried *c, struct noticed *n, uncarried_fn fn, void *arg)
{
	bool passed = is_passed_on(c, n);
	struct captured *k = n->quic || passed ? NULL : find_likely(c, n);

	if (k)
		k->stands_for = n->id;
	c->stats.likely += k != NULL;
	close_case(c, n);
	if (!k && !passed)
		tell(c, n, NULL, fn, arg);
}

void carried_settle(struct carried *c, uint64_t now_ns, bool at_end, uncarried_fn fn, void *arg)
{
	if (!c->moved || (!at_end && now_ns < c->looked_ns + LOOK_NS))
		return;
	c->looked_ns = now_ns;
	index_captured(c);
	settle_same(c, now_ns, at_end, fn, arg);
	for (size_t i = 0; i < NOTICED_MAX && c->moved; i++) {
		struct noticed *n = &c->noticed[i];

		if (is_open(n) && (at_end || n->moved_ns + SETTLE_NS <= now_ns))
			settle(c, n, fn, arg);
	}
}
