/* SPDX-License-Identifier: MIT */
#include "assemble/deliver.h"

#include <stdlib.h>

#include "assemble/pair.h"
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

/* ---- waiting ---- */

static void start_wait(struct call *k, struct wait *w)
{
	struct call *prev = w->last;

	k->since_ns = k->x->now_ns;
	for (int i = 0; prev && prev->since_ns > k->since_ns && i < STEPS; i++)
		prev = prev->wait_prev;
	k->waiting = w;
	k->wait_prev = prev;
	k->wait_next = prev ? prev->wait_next : w->first;
	*(prev ? &prev->wait_next : &w->first) = k;
	*(k->wait_next ? &k->wait_next->wait_prev : &w->last) = k;
}

static void stop_wait(struct call *k)
{
	struct wait *w = k->waiting;

	if (!w)
		return;
	k->waiting = NULL;
	*(k->wait_prev ? &k->wait_prev->wait_next : &w->first) = k->wait_next;
	*(k->wait_next ? &k->wait_next->wait_prev : &w->last) = k->wait_prev;
}

static void wait_alone(struct call *k)
{
	k->waited = true;
	start_wait(k, &k->cc->calls->alone);
}

static bool is_late(const struct call *k, uint64_t now_ns, uint64_t max)
{
	return now_ns > k->since_ns && now_ns - k->since_ns > max;
}

/* Whether the other view may come yet. A program that hands its TLS library memory shows its socket
 * only when it sends, so of its first call the ends are known late. */
static bool may_wait(const struct call *k)
{
	const struct calls_conn *cc = k->cc;
	bool near = cc->ends.family ? ends_near(&cc->ends) : cc->calls->tells_ends;

	return !k->waited && !k->x->other && k->x->request_seen && near;
}

/* ---- telling ---- */

static void tell_request_now(struct call *k)
{
	struct calls *c = k->cc->calls;

	k->told = true;
	talks_request(c->talks, k->x);
	if (c->out->request)
		c->out->request(c->arg, k->x);
}

void tell_request(struct call *k)
{
	if (k->x->twin_of || k->told)
		return;
	if (k->x->is_server && may_wait(k))
		wait_alone(k);
	if (!k->waiting)
		tell_request_now(k);
}

void tell_delta(struct call *k, const struct choice *c, const struct part *p, struct span text)
{
	const struct calls *calls = k->cc->calls;

	/* What came while it waited cannot be told in its order later: it is shown whole then. */
	k->quiet |= k->waiting || k->x->twin_of;
	if (k->told && !k->quiet && calls->out->delta)
		calls->out->delta(calls->arg, k->x, c, p, text);
}

/* Worth telling: a head, or a body that some dialect understood. */
static bool is_something(const struct exchange *x)
{
	return x->request_seen || x->response_seen || x->kind != EXCHANGE_HTTP;
}

static void tell(struct call *k)
{
	struct calls *c = k->cc->calls;
	struct exchange *x = k->x;

	if (!is_something(x))
		return;
	if (k->settled)
		tell_request(k);
	if (!x->twin_of)
		talks_answer(c->talks, x);
	if (!x->hidden)
		bill(c->prices, x);
	c->out->end(c->arg, x);
}

void tell_end_now(struct call *k)
{
	struct call *twin = k->twin;
	struct exchange *x = k->x;

	stop_wait(k);
	k->waited = true;
	k->twin = NULL;
	if (twin)
		twin->twin = NULL;
	/* Nothing is hidden of which the client's record may tell less. */
	if (x->twin_of)
		x->hidden = !twin && (k->twin_whole || !exchange_complete(x));
	else if (twin)
		twin->twin_whole = exchange_complete(x);
	tell(k);
	call_free(k);
	if (twin && twin->x->twin_of && twin->over)
		tell_end_now(twin);
}

void tell_end(struct call *k)
{
	if (k->waiting)
		return;
	if (k->twin && k->x->twin_of)
		start_wait(k, &k->cc->calls->held);
	else if (may_wait(k))
		wait_alone(k);
	else
		tell_end_now(k);
}

void tell_tick(struct calls *c, uint64_t now_ns)
{
	struct call *k;

	while ((k = c->alone.first) && is_late(k, now_ns, WAIT_NS)) {
		stop_wait(k);
		if (k->over)
			tell_end_now(k);
		else
			tell_request(k);
	}
	while ((k = c->held.first) && is_late(k, now_ns, HOLD_NS)) {
		stop_wait(k);
		if (exchange_complete(k->x))
			tell_end_now(k);
	}
}

/* ---- both ends ---- */

void tell_look(struct call *k)
{
	struct call *other, *client;

	if (k->x->other || !k->x->request_seen)
		return;
	other = joins_find(k->cc->calls->joins, k);
	if (!other) {
		joins_offer(k);
		return;
	}
	client = k->x->is_server ? other : k;
	joins_withdraw(k);
	joins_withdraw(other);
	k->twin = other;
	other->twin = k;
	exchange_set_other(k->x, other->x);
	exchange_set_other(other->x, k->x);
	client->twin->x->twin_of = client->x->id;
	stop_wait(client->twin);
	if (client->waiting)
		tell_end_now(client);
	else if (client->twin->over)
		tell_end(client->twin);
}

/* They were taken for one, and are not. */
static void part(struct call *k)
{
	struct call *sides[] = { k, k->twin };

	for (size_t i = 0; i < 2 && sides[i]; i++) {
		sides[i]->twin = NULL;
		sides[i]->x->twin_of = 0;
		exchange_set_other(sides[i]->x, NULL);
		joins_offer(sides[i]);
		stop_wait(sides[i]);
	}
	for (size_t i = 0; i < 2 && sides[i]; i++) {
		if (sides[i]->over)
			tell_end(sides[i]);
		else if (sides[i]->settled)
			tell_request(sides[i]);
	}
}

static bool is_parted(const struct call *k)
{
	if (!k->x->other)
		return false;
	return k->twin ? !ends_mirror(&k->cc->ends, &k->twin->cc->ends) : k->x->twin_of != 0;
}

static int by_age(const void *a, const void *b)
{
	const struct call *const *x = a, *const *y = b;

	return (*x)->x->id < (*y)->x->id ? -1 : 1;
}

/* Oldest first; the caller frees it. */
static struct call **list_calls(const struct calls_conn *cc, size_t *ret_count)
{
	struct call **list = NULL;

	*ret_count = 0;
	for (struct call *k = cc->first; k; k = k->next) {
		list = xgrow(list, *ret_count, sizeof(*list));
		list[(*ret_count)++] = k;
	}
	if (list)
		qsort(list, *ret_count, sizeof(*list), by_age);
	return list;
}

void tell_ends(struct calls_conn *cc)
{
	size_t count;
	struct call **list = list_calls(cc, &count);

	/* Each may end itself, and none of the others here. */
	for (size_t i = 0; i < count; i++)
		if (is_parted(list[i]))
			part(list[i]);
	free(list);
	list = list_calls(cc, &count);
	for (size_t i = 0; i < count; i++)
		tell_look(list[i]);
	free(list);
}
