/* SPDX-License-Identifier: MIT */
/* Views of one call agree in what the request's head says, and in HTTP/2's number of the stream.
 * HTTP/1 has no number: the oldest call that may be it, by the times of both, is taken. */
#include "assemble/pair.h"

#include <stdlib.h>

#include "base/xalloc.h"

/* Connections are bounded by their limit, and closed ones whose calls wait to be told by that of
 * calls, so it need not grow. */
#define BUCKETS 4096
/* Connections of a bucket that are looked at: others that are in it by chance, up to six on average
 * at the default limits, and TLS objects on one socket, of which a program could make thousands. */
#define DEPTH 64
/* Calls that are looked at for one. Those without another view go soon (tell.c), or are open. */
#define VISITS 1024

struct joins {
	struct calls_conn *buckets[BUCKETS];
};

struct joins *joins_new(void)
{
	return xcalloc(1, sizeof(struct joins));
}

void joins_free(struct joins *j)
{
	free(j);
}

static uint64_t hash_end(const struct end *e)
{
	uint64_t halves[2];

	memcpy(halves, e->address, sizeof(halves));
	return (halves[0] ^ halves[1] * 31 ^ (uint64_t)e->port << 32) * 0x9e3779b97f4a7c15ull;
}

/* In their order: thousands of TLS objects at one end share a bucket that only the other end looks
 * into. */
static size_t bucket_of(const struct end *local, const struct end *peer)
{
	return (31 * hash_end(local) + hash_end(peer)) >> 52 & (BUCKETS - 1);
}

void joins_add(struct joins *j, struct calls_conn *cc)
{
	struct calls_conn **at = &j->buckets[bucket_of(&cc->ends.local, &cc->ends.peer)];

	cc->chain = *at;
	cc->chain_at = at;
	if (cc->chain)
		cc->chain->chain_at = &cc->chain;
	*at = cc;
}

void joins_remove(struct calls_conn *cc)
{
	*cc->chain_at = cc->chain;
	if (cc->chain)
		cc->chain->chain_at = cc->chain_at;
}

/* ---- calls ---- */

void joins_offer(struct call *k)
{
	struct calls_conn *cc = k->cc;
	struct call *before = cc->offer_last;

	if (k->offered)
		return;
	/* Only one that had a view that was none is not the newest. */
	while (before && before->x->id > k->x->id)
		before = before->offer_prev;
	k->offered = true;
	k->offer_prev = before;
	k->offer_next = before ? before->offer_next : cc->offer_first;
	*(before ? &before->offer_next : &cc->offer_first) = k;
	*(k->offer_next ? &k->offer_next->offer_prev : &cc->offer_last) = k;
}

void joins_withdraw(struct call *k)
{
	struct calls_conn *cc = k->cc;

	if (!k->offered)
		return;
	k->offered = false;
	*(k->offer_prev ? &k->offer_prev->offer_next : &cc->offer_first) = k->offer_next;
	*(k->offer_next ? &k->offer_next->offer_prev : &cc->offer_last) = k->offer_prev;
}

/* What HTTP/2 referred to and was not seen may be anything. */
static bool agree(const char *a, const char *b)
{
	return !a || !*a || !b || !*b || strcmp(a, b) == 0;
}

bool joins_saw_all(const struct calls_conn *cc)
{
	const struct conn *c = cc->conn;

	return c ? c->from_start && !c->missing[0] && !c->missing[1] : cc->saw_all;
}

/* A server has a request before its client has the answer. And a client that makes its request
 * only when the server's call was over made another one; but where no request of it was missed
 * that cannot be, and times may tell otherwise, since a call of a library returns late. */
static bool in_time(const struct call *client, const struct call *server)
{
	const struct times *c = &client->x->t, *s = &server->x->t;

	if (c->response_last && s->request_first > c->response_last)
		return false;
	return joins_saw_all(client->cc) || !s->response_last ||
	       c->request_first <= s->response_last;
}

static bool is_same(const struct call *client, const struct call *server)
{
	const struct exchange *c = client->x, *s = server->x;

	if (client->stream != server->stream || client->turn != server->turn || c->is_server ||
	    !s->is_server || strcmp(c->protocol, s->protocol) != 0)
		return false;
	if (!agree(c->method, s->method) || !agree(c->target, s->target))
		return false;
	return (client->stream && !client->turn) || in_time(client, server);
}

static struct call *oldest_same(const struct calls_conn *cc, const struct call *k, size_t *visits)
{
	struct call *o = cc->offer_first;

	for (; o && ++*visits <= VISITS; o = o->offer_next)
		if (k->x->is_server ? is_same(o, k) : is_same(k, o))
			return o;
	return NULL;
}

struct call *joins_find(const struct joins *j, const struct call *k)
{
	const struct ends *e = &k->cc->ends;
	const struct calls_conn *cc;
	size_t depth = 0, visits = 0;

	if (!e->family)
		return NULL;
	cc = j->buckets[bucket_of(&e->peer, &e->local)];
	for (; cc && depth < DEPTH; cc = cc->chain, depth++) {
		struct call *found;

		/* One that is connected to itself mirrors itself. */
		if (cc == k->cc || cc->plain != k->cc->plain || !ends_mirror(e, &cc->ends))
			continue;
		found = oldest_same(cc, k, &visits);
		if (found)
			return found;
	}
	return NULL;
}
