/* SPDX-License-Identifier: MIT */
#include "assemble/deliver.h"

#include <stdlib.h>

#include "assemble/pair.h"
#include "assemble/relay.h"
#include "assemble/tell.h"
#include "base/xalloc.h"
#include "conversation/conversation.h"
#include "cost/bill.h"

/* How long the other view is awaited. Events come some ms out of order, at most. */
#define WAIT_NS 100000000ull
/* How long a server's view that is whole is held back for its client's to end. A client that was
 * killed ends no call, and its connection may be taken for open until tracing ends. */
#define HOLD_NS 1000000000ull
/* Calls that one which comes to wait is put before, at most, where its last event was earlier than
 * theirs. A recording may tell of an event far ahead: that holds back no others. */
#define STEPS 64

/* Views that are compared by their content. */
#define ALIKE_VISITS 256

/* ---- waiting ---- */

static struct assembly *waiting(struct list *member)
{
	return member ? container_of(member, struct assembly, wait) : NULL;
}

static struct assembly *first_of(const struct list *waits)
{
	return waiting(list_first(waits));
}

static void start_wait(struct assembly *k, struct list *waits)
{
	struct list *before = waits->prev;

	k->since_ns = builder_time(k->x);
	for (int i = 0; before != waits && waiting(before)->since_ns > k->since_ns && i < STEPS;
	     i++)
		before = before->prev;
	k->waits = waits;
	k->cc->waiting += waits == &k->cc->assembler->unpaired_servers;
	list_add_first(before, &k->wait);
}

static void stop_wait(struct assembly *k)
{
	if (!k->waits)
		return;
	k->cc->waiting -= k->waits == &k->cc->assembler->unpaired_servers;
	k->waits = NULL;
	list_remove(&k->wait);
}

static void wait_unpaired(struct assembly *k)
{
	struct assembler *c = k->cc->assembler;

	k->waited = true;
	start_wait(k, k->x->is_server ? &c->unpaired_servers : &c->unpaired_clients);
}

static bool is_late(const struct assembly *k, uint64_t now_ns, uint64_t max)
{
	return now_ns > k->since_ns && now_ns - k->since_ns > max;
}

/* Whether the other view may come yet. A program that hands its TLS library memory shows its socket
 * only when it sends, so of its first call the ends are known late. */
static bool may_wait(const struct assembly *k)
{
	const struct assembler_conn *cc = k->cc;
	bool near = cc->endpoints.family ? endpoints_near(&cc->endpoints)
					 : cc->assembler->knows_endpoints;

	return !k->waited && !k->x->other && k->x->request_seen && near;
}

/* Something of a server's connection waits, and what comes later has to follow it. */
static bool is_behind(const struct assembly *k)
{
	return k->x->is_server && k->cc->waiting;
}

/* ---- telling ---- */

static void tell_end(struct assembly *k);

static bool is_same_conversation(const struct exchange *a, const struct exchange *b)
{
	return a->conversation.id[0] && strcmp(a->conversation.id, b->conversation.id) == 0;
}

/* Whether the end of `w` comes before what happens to `k` now. */
static bool comes_before(const struct assembly *w, const struct assembly *k)
{
	if (w->cc == k->cc)
		return true;
	return (w->x->tgid == k->x->tgid || is_same_conversation(w->x, k->x)) &&
	       w->since_ns <= builder_time(k->x);
}

/* An event of a client's call proves that what ended before it on its connection, in its process or
 * in its conversation is over: that is told first. Should the server's view of it come yet, it is
 * still known as such. */
static void tell_before(const struct assembly *k)
{
	struct assembler *c = k->cc->assembler;
	struct assembly *next;

	if (k->x->is_server)
		return;
	for (struct assembly *w = first_of(&c->unpaired_clients); w && w != k; w = next) {
		next = waiting(list_after(&c->unpaired_clients, &w->wait));
		if (!comes_before(w, k))
			continue;
		stop_wait(w);
		start_wait(w, &c->told_clients);
		tell_end(w);
	}
}

void deliver_opened(struct assembly *k)
{
	if (k->opened || !k->x->request_seen)
		return;
	k->opened = true;
	tell_before(k);
	tell_opened(k);
}

void deliver_response(struct assembly *k)
{
	if (!k->delivered || k->response_delivered)
		return;
	k->response_delivered = true;
	tell_response(k);
}

static void deliver_request_now(struct assembly *k)
{
	struct assembler *c = k->cc->assembler;

	tell_before(k); /* its outcome decides what this request is to the conversation */
	conversations_request(c->conversations,
			      k->x); /* compares what was sent, not what is shown */
	tell_before(k);
	deliver_opened(k);
	k->delivered = true;
	tell_request(k);
	if (k->x->response_seen)
		deliver_response(k);
}

void deliver_request(struct assembly *k)
{
	relay_request(k);
	if (k->x->twin || k->delivered)
		return;
	if (k->x->is_server && (may_wait(k) || is_behind(k)))
		wait_unpaired(k);
	if (!k->waits)
		deliver_request_now(k);
}

void deliver_delta(struct assembly *k, const struct exchange_delta *d)
{
	/* What came while it waited cannot be delivered in its order later: the end shows it. */
	k->quiet |= k->waits || k->x->twin;
	if (!k->delivered || k->quiet)
		return;
	tell_delta(k, d);
}

bool deliver_is_something(const struct exchange *x)
{
	return x->request_seen || x->response_seen || x->kind != EXCHANGE_HTTP;
}

/* Tells the end, after which the record is frozen. */
static void tell_end(struct assembly *k)
{
	struct assembler *c = k->cc->assembler;
	struct exchange *x = k->x;

	if (k->told || !deliver_is_something(x))
		return;
	if (k->settled && !x->twin && !k->delivered)
		deliver_request_now(k);
	if (!x->twin)
		conversations_answer(c->conversations, x);
	if (!x->hidden)
		bill(c->prices, x);
	if (!x->hidden)
		deliver_opened(k);
	k->told = true;
	tell_ended(k);
}

void deliver_end_now(struct assembly *k)
{
	struct assembly *twin = k->peer_view;
	struct exchange *x = k->x;

	if (!k->told)
		tell_before(k);
	stop_wait(k);
	k->waited = true;
	k->peer_view = NULL;
	if (twin)
		twin->peer_view = NULL;
	/* Nothing is hidden of which the client's record may tell less. */
	if (x->twin)
		x->hidden = !twin && (k->peer_view_whole || !exchange_complete(x));
	else if (twin)
		twin->peer_view_whole = exchange_complete(x);
	tell_end(k);
	pairs_unregister(k);
	k->done = true;
	k->done_next = k->cc->assembler->done;
	k->cc->assembler->done = k;
	if (twin && twin->x->twin && twin->over)
		deliver_end_now(twin);
}

static void join(struct assembly *k, struct assembly *other);

/* The other view, among those that have ended and wait for theirs, where it is not known on which
 * sockets both were: what was asked and answered is the same, to the byte. */
static struct assembly *find_alike(const struct assembly *k)
{
	struct assembler *c = k->cc->assembler;
	struct list *const lists[2][2] = { { &c->unpaired_servers, NULL },
					   { &c->unpaired_clients, &c->told_clients } };
	size_t visits = 0;

	for (size_t i = 0; i < 2 && lists[k->x->is_server][i]; i++) {
		struct list *list = lists[k->x->is_server][i];

		for (struct assembly *w = first_of(list); w && ++visits <= ALIKE_VISITS;
		     w = waiting(list_after(list, &w->wait)))
			if (w->over && !w->peer_view && pairs_are_alike(k, w))
				return w;
	}
	return NULL;
}

void deliver_end(struct assembly *k)
{
	struct assembly *alike;

	if (k->waits)
		return;
	alike = !k->peer_view && !k->x->other && may_wait(k) ? find_alike(k) : NULL;
	if (alike) {
		join(k, alike);
		if (!k->done && !k->waits)
			deliver_end(k);
		return;
	}
	if (k->peer_view && k->x->twin)
		start_wait(k, &k->cc->assembler->awaiting_client);
	else if (may_wait(k) || is_behind(k))
		wait_unpaired(k);
	else
		deliver_end_now(k);
}

/* The other view of a server's did not come. What came on its connection between request and end
 * is told between them. */
static void tell_unpaired(struct assembly *k)
{
	bool end = k->over && (k->delivered || !k->settled);

	stop_wait(k);
	if (end)
		deliver_end_now(k);
	else
		deliver_request_now(k);
	if (!end && k->over)
		wait_unpaired(k);
}

struct assembly *deliver_spare(const struct assembler *c)
{
	struct assembly *server = first_of(&c->unpaired_servers);

	if (first_of(&c->told_clients))
		return first_of(&c->told_clients);
	if (first_of(&c->unpaired_clients))
		return first_of(&c->unpaired_clients);
	return server && server->over ? server : NULL;
}

/* The one that has waited longest for another view. */
static struct assembly *first_unpaired(const struct assembler *c)
{
	struct assembly *const all[] = { first_of(&c->unpaired_clients), first_of(&c->told_clients),
					 first_of(&c->unpaired_servers) };
	struct assembly *first = NULL;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i] && (!first || all[i]->since_ns < first->since_ns))
			first = all[i];
	return first;
}

static void end_wait(struct assembly *k)
{
	if (k->x->is_server)
		tell_unpaired(k);
	else
		deliver_end_now(k);
}

void deliver_tick(struct assembler *c, uint64_t now_ns)
{
	struct assembly *k;

	while ((k = first_unpaired(c)) && is_late(k, now_ns, WAIT_NS))
		end_wait(k);
	while ((k = first_of(&c->awaiting_client)) && is_late(k, now_ns, HOLD_NS)) {
		stop_wait(k);
		if (exchange_complete(k->x))
			deliver_end_now(k);
	}
}

void deliver_finish(struct assembler *c)
{
	while (first_of(&c->unpaired_clients))
		end_wait(first_of(&c->unpaired_clients));
	while (first_of(&c->unpaired_servers))
		end_wait(first_of(&c->unpaired_servers));
}

/* ---- both ends ---- */

static void join(struct assembly *k, struct assembly *other)
{
	struct assembly *client = k->x->is_server ? other : k;

	pairs_unregister(k);
	pairs_unregister(other);
	k->peer_view = other;
	other->peer_view = k;
	if (!client->told)
		exchange_set_other_end(client->x, client->peer_view->x);
	exchange_set_other_end(client->peer_view->x, client->x);
	client->peer_view->x->twin = exchange_ref(client->x);
	relay_matched(client->peer_view, client);
	stop_wait(client->peer_view);
	if (client->waits)
		deliver_end_now(client);
	else if (client->peer_view->over)
		deliver_end(client->peer_view);
}

void deliver_match(struct assembly *k)
{
	struct assembly *other;

	if (k->x->other || !k->x->request_seen || k->refused)
		return;
	other = pairs_find(k->cc->assembler->pairs, k);
	if (other)
		join(k, other);
	else
		pairs_register(k);
}

/* They were taken for one, and are not. */
static void unpair(struct assembly *k)
{
	struct assembly *sides[] = { k, k->peer_view };

	for (size_t i = 0; i < 2 && sides[i]; i++) {
		sides[i]->peer_view = NULL;
		exchange_unref(sides[i]->x->twin);
		sides[i]->x->twin = NULL;
		exchange_set_other_end(sides[i]->x, NULL);
		pairs_register(sides[i]);
		stop_wait(sides[i]);
	}
	for (size_t i = 0; i < 2 && sides[i]; i++) {
		if (sides[i]->over)
			deliver_end(sides[i]);
		else if (sides[i]->settled)
			deliver_request(sides[i]);
	}
}

static bool is_mismatched(const struct assembly *k)
{
	if (!k->x->other)
		return false;
	/* What agreed in its content (find_alike) may be of unknown ends. */
	if (k->peer_view && (!k->cc->endpoints.family || !k->peer_view->cc->endpoints.family))
		return false;
	return k->peer_view ? !endpoints_mirror(&k->cc->endpoints, &k->peer_view->cc->endpoints)
			    : k->x->twin != NULL;
}

static int by_age(const void *a, const void *b)
{
	const struct assembly *const *x = a, *const *y = b;

	return (*x)->x->serial < (*y)->x->serial ? -1 : 1;
}

/* Oldest first; the caller frees it. */
static struct assembly **list_calls(const struct assembler_conn *cc, size_t *ret_count)
{
	struct assembly **list = NULL;

	*ret_count = 0;
	for (struct assembly *k = cc->first; k; k = k->next) {
		if (k->done)
			continue;
		list = xgrow(list, *ret_count, sizeof(*list));
		list[(*ret_count)++] = k;
	}
	if (list)
		qsort(list, *ret_count, sizeof(*list), by_age);
	return list;
}

void deliver_endpoints(struct assembler_conn *cc)
{
	size_t count;
	struct assembly **list = list_calls(cc, &count);

	/* Each may end itself, and none of the others here. */
	for (size_t i = 0; i < count; i++)
		if (is_mismatched(list[i]))
			unpair(list[i]);
	free(list);
	list = list_calls(cc, &count);
	for (size_t i = 0; i < count; i++)
		deliver_match(list[i]);
	free(list);
}
