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

struct pairs {
	struct assembler_conn *buckets[BUCKETS];
};

struct pairs *pairs_new(void)
{
	return xcalloc(1, sizeof(struct pairs));
}

void pairs_free(struct pairs *j)
{
	free(j);
}

static uint64_t hash_end(const struct endpoint *e)
{
	uint64_t halves[2];

	memcpy(halves, e->address, sizeof(halves));
	return (halves[0] ^ halves[1] * 31 ^ (uint64_t)e->port << 32) * 0x9e3779b97f4a7c15ull;
}

/* In their order: thousands of TLS objects at one end share a bucket that only the other end looks
 * into. */
static size_t bucket_of(const struct endpoint *local, const struct endpoint *peer)
{
	return (31 * hash_end(local) + hash_end(peer)) >> 52 & (BUCKETS - 1);
}

void pairs_add(struct pairs *j, struct assembler_conn *cc)
{
	struct assembler_conn **at =
		&j->buckets[bucket_of(&cc->endpoints.local, &cc->endpoints.peer)];

	cc->chain = *at;
	cc->chain_at = at;
	if (cc->chain)
		cc->chain->chain_at = &cc->chain;
	*at = cc;
}

void pairs_remove(struct assembler_conn *cc)
{
	*cc->chain_at = cc->chain;
	if (cc->chain)
		cc->chain->chain_at = cc->chain_at;
}

/* ---- calls ---- */

static struct assembly *registered(struct list *member)
{
	return container_of(member, struct assembly, registration);
}

void pairs_register(struct assembly *k)
{
	struct list *all = &k->cc->registered, *before = all->prev;

	if (k->registered)
		return;
	/* Only one that had a view that was none is not the newest. */
	while (before != all && registered(before)->x->serial > k->x->serial)
		before = before->prev;
	k->registered = true;
	list_add_first(before, &k->registration);
}

void pairs_unregister(struct assembly *k)
{
	if (!k->registered)
		return;
	k->registered = false;
	list_remove(&k->registration);
}

/* What HTTP/2 referred to and was not seen may be anything. */
static bool agree(const char *a, const char *b)
{
	return !a || !*a || !b || !*b || strcmp(a, b) == 0;
}

bool pairs_saw_all(const struct assembler_conn *cc)
{
	const struct conn *c = cc->conn;

	return c ? c->from_start && !c->missing[0] && !c->missing[1] : cc->saw_all;
}

/* A server has a request before its client has the answer. And a client that makes its request
 * only when the server's call was over made another one; but where no request of it was missed
 * that cannot be, and times may tell otherwise, since a call of a library returns late. */
static bool in_time(const struct assembly *client, const struct assembly *server)
{
	const struct times *c = &client->x->t, *s = &server->x->t;

	if (c->response_last && s->request_first > c->response_last)
		return false;
	return pairs_saw_all(client->cc) || !s->response_last ||
	       c->request_first <= s->response_last;
}

static bool is_same(const struct assembly *client, const struct assembly *server)
{
	const struct exchange *c = client->x, *s = server->x;

	if (client->stream != server->stream || client->turn != server->turn || c->is_server ||
	    !s->is_server || strcmp(c->protocol, s->protocol) != 0)
		return false;
	if (!agree(c->method, s->method) || !agree(c->target, s->target))
		return false;
	return (client->stream && !client->turn) || in_time(client, server);
}

/* Shorter ones may well be alike by chance. */
#define ALIKE_BYTES 64

static bool same_body(const struct body *a, const struct body *b)
{
	return a->wire == b->wire && a->wire_sha256[0] &&
	       strcmp(a->wire_sha256, b->wire_sha256) == 0;
}

bool pairs_are_alike(const struct assembly *a, const struct assembly *b)
{
	const struct assembly *client = a->x->is_server ? b : a, *server = a->x->is_server ? a : b;
	const struct exchange *c = client->x, *s = server->x;

	if (client->cc->endpoints.family && server->cc->endpoints.family)
		return false;
	return is_same(client, server) && client->cc->cleartext == server->cc->cleartext &&
	       c->request_body.wire + c->response_body.wire >= ALIKE_BYTES &&
	       c->status == s->status && same_body(&c->request_body, &s->request_body) &&
	       same_body(&c->response_body, &s->response_body);
}

static struct assembly *oldest_same(const struct assembler_conn *cc, const struct assembly *k,
				    size_t *visits)
{
	list_each(at, &cc->registered)
	{
		struct assembly *o = registered(at);

		if (++*visits > VISITS)
			break;
		if (k->x->is_server ? is_same(o, k) : is_same(k, o))
			return o;
	}
	return NULL;
}

struct assembly *pairs_find(const struct pairs *j, const struct assembly *k)
{
	const struct endpoints *e = &k->cc->endpoints;
	const struct assembler_conn *cc;
	size_t depth = 0, visits = 0;

	if (!e->family)
		return NULL;
	cc = j->buckets[bucket_of(&e->peer, &e->local)];
	for (; cc && depth < DEPTH; cc = cc->chain, depth++) {
		struct assembly *found;

		/* One that is connected to itself mirrors itself. */
		if (cc == k->cc || cc->cleartext != k->cc->cleartext ||
		    !endpoints_mirror(e, &cc->endpoints))
			continue;
		found = oldest_same(cc, k, &visits);
		if (found)
			return found;
	}
	return NULL;
}
