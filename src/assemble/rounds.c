/* SPDX-License-Identifier: MIT */
#include "assemble/rounds.h"

#include <stdlib.h>

#include "base/xalloc.h"

/* More than wait for their clients at once; the oldest gives way. */
#define ROUNDS_MAX 256

struct round {
	uint64_t common;
	uint32_t tgid;
	bool is_server, went_on;
	struct exchange_link *call;
};

struct rounds {
	struct round items[ROUNDS_MAX]; /* a ring */
	size_t next;
};

struct rounds *rounds_new(void)
{
	return xcalloc(1, sizeof(struct rounds));
}

void rounds_free(struct rounds *r)
{
	for (size_t i = 0; r && i < ROUNDS_MAX; i++)
		exchange_link_drop(r->items[i].call);
	free(r);
}

/* The one that waits to go on; else the last that did, for a client may try twice. Where several
 * wait that nothing tells apart, it is not known which. */
static struct round *find(struct rounds *r, const struct exchange *x)
{
	struct round *waits = NULL, *went = NULL;

	for (size_t i = 1; i <= ROUNDS_MAX; i++) {
		struct round *o = &r->items[(r->next + ROUNDS_MAX - i) % ROUNDS_MAX];

		if (!o->call || o->common != x->rpc_answers || o->tgid != x->tgid ||
		    o->is_server != x->is_server)
			continue;
		if (!o->went_on && waits)
			return NULL;
		if (!o->went_on)
			waits = o;
		else if (!went)
			went = o;
	}
	return waits ? waits : went;
}

void rounds_asked(struct rounds *r, struct exchange *x)
{
	struct round *o = x->rpc_answers && !x->rpc_before ? find(r, x) : NULL;

	if (!o)
		return;
	o->went_on = true;
	x->rpc_before = exchange_link_hold(o->call);
}

void rounds_answered(struct rounds *r, struct exchange *x)
{
	struct round *o = &r->items[r->next];

	if (!x->rpc_round || x->rpc_self)
		return;
	r->next = (r->next + 1) % ROUNDS_MAX;
	exchange_link_drop(o->call);
	*o = (struct round){ .common = x->rpc_round,
			     .tgid = x->tgid,
			     .is_server = x->is_server,
			     .call = exchange_link_hold(exchange_link_of(x)) };
}
