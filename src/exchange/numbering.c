/* SPDX-License-Identifier: MIT */
#include "exchange/numbering.h"

static bool is_shown(const struct numbering *n, const struct exchange *x)
{
	return !n->shown || n->shown(n->arg, x);
}

static void give(struct numbering *n, struct exchange *x)
{
	x->id = ++n->last;
	if (x->rpc_self)
		x->rpc_self->id = x->id;
	exchange_changed(x);
}

static void number(void *arg, struct exchange *x)
{
	struct numbering *n = arg;

	if (!x->id && is_shown(n, x))
		give(n, x);
}

static void on_delta(void *arg, struct exchange *x, const struct exchange_delta *d)
{
	number(arg, x);
}

/* The record names the other view, whose number may not have been needed until now. If that ended
 * and has none, nobody was shown it, and this record stands for the call alone. */
static void name_twin(struct numbering *n, struct exchange *x, bool shown)
{
	struct exchange *twin = x->twin;

	if (!twin)
		return;
	if (shown && !twin->id && !twin->ended)
		give(n, twin);
	x->twin_of = twin->id;
	x->twin = NULL;
	exchange_unref(twin);
}

/* The call that this one goes on with came before, so its number is known, if it has one. */
static void name_before(struct exchange *x)
{
	if (!x->rpc_before)
		return;
	x->rpc_continues = x->rpc_before->id;
	exchange_link_drop(x->rpc_before);
	x->rpc_before = NULL;
}

static void on_superseded(void *arg, struct exchange *x)
{
	name_twin(arg, x, x->id != 0);
}

static void on_ended(void *arg, struct exchange *x)
{
	name_twin(arg, x, is_shown(arg, x));
	name_before(x);
	number(arg, x);
}

const struct observer numbering_observer = { .request = number,
					     .response = number,
					     .delta = on_delta,
					     .superseded = on_superseded,
					     .ended = on_ended };
