/* SPDX-License-Identifier: MIT */
#include "assemble/in_order.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/xalloc.h"

/* The part of the limit `memory` that may be held: 64 MiB of the default. */
#define PART 16

struct held {
	struct list in;
	struct exchange *x; /* a reference */
	struct start start;
	size_t bytes;
	bool superseded;
};

struct in_order {
	const struct limits *lim;
	const struct assembler *from;
	const struct observers *to;
	struct list held; /* earliest first */
	size_t bytes;
	struct start earliest; /* of what is under way, when it was looked at last */
};

struct in_order *in_order_new(const struct limits *lim, const struct assembler *from,
			      const struct observers *to)
{
	struct in_order *o = xcalloc(1, sizeof(*o));

	*o = (struct in_order){ .lim = lim, .from = from, .to = to };
	list_init(&o->held);
	return o;
}

static bool is_before(struct start a, struct start b)
{
	return a.ns != b.ns ? a.ns < b.ns : a.serial < b.serial;
}

static struct held *held_of(struct list *member)
{
	return container_of(member, struct held, in);
}

static void take_out(struct in_order *o, struct held *h)
{
	list_remove(&h->in);
	o->bytes -= h->bytes;
	exchange_unref(h->x);
	free(h);
}

void in_order_free(struct in_order *o)
{
	struct list *first;

	while (o && (first = list_first(&o->held)))
		take_out(o, held_of(first));
	free(o);
}

static void pass_first(struct in_order *o)
{
	struct held *h = held_of(list_first(&o->held));

	if (h->superseded)
		observers_superseded(o->to, h->x);
	else
		observers_ended(o->to, h->x);
	take_out(o, h);
}

static void pass_due(struct in_order *o)
{
	while (!list_is_empty(&o->held) &&
	       (is_before(held_of(list_first(&o->held))->start, o->earliest) ||
		o->bytes > o->lim->max[LIMIT_memory] / PART))
		pass_first(o);
}

static void hold(struct in_order *o, struct exchange *x, bool superseded)
{
	struct held *h = xcalloc(1, sizeof(*h));
	struct list *before = o->held.prev;

	*h = (struct held){ .x = exchange_ref(x),
			    .start = assembler_start(x),
			    .bytes = exchange_bytes(x),
			    .superseded = superseded };
	o->bytes += h->bytes;
	while (before != &o->held && is_before(h->start, held_of(before)->start))
		before = before->prev;
	list_add_first(before, &h->in);
}

/* Only the end of the one that began first can let others pass. */
static void end(struct in_order *o, struct exchange *x, bool superseded)
{
	hold(o, x, superseded);
	if (!o->earliest.serial || o->earliest.serial == x->serial)
		o->earliest = assembler_earliest(o->from);
	pass_due(o);
}

static void on_superseded(void *arg, struct exchange *x)
{
	end(arg, x, true);
}

static void on_ended(void *arg, struct exchange *x)
{
	end(arg, x, false);
}

const struct observer in_order_observer = { .superseded = on_superseded, .ended = on_ended };

void in_order_finish(struct in_order *o)
{
	while (!list_is_empty(&o->held))
		pass_first(o);
}
