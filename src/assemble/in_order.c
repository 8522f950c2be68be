/* SPDX-License-Identifier: MIT */
#include "assemble/in_order.h"

#include <stdlib.h>

#include "base/xalloc.h"

/* The part of the limit `memory` that may be held: 64 MiB of the default. */
#define PART 16
/* After the end of so large a part of what is under way all of that is looked at. */
#define LOOK_PART 64

struct held {
	struct exchange *x; /* a reference */
	struct start start;
	uint64_t came; /* of several of one exchange, the first is passed first */
	size_t bytes;
	bool superseded;
};

struct in_order {
	const struct limits *lim;
	const struct assembler *from;
	const struct observers *to;
	struct held *held; /* a heap: each is before the two that have twice its place and more */
	size_t count, bytes;
	uint64_t came;
	struct start earliest; /* of what is under way, when it was looked at last */
	bool passed;	       /* that one has ended */
	size_t ended;	       /* how many have, since it was looked at */
};

struct in_order *in_order_new(const struct limits *lim, const struct assembler *from,
			      const struct observers *to)
{
	struct in_order *o = xcalloc(1, sizeof(*o));

	*o = (struct in_order){ .lim = lim, .from = from, .to = to };
	return o;
}

static bool is_before(struct start a, struct start b)
{
	return a.ns != b.ns ? a.ns < b.ns : a.serial < b.serial;
}

/* ---- the heap ---- */

static bool comes_first(const struct held *a, const struct held *b)
{
	if (a->start.ns == b->start.ns && a->start.serial == b->start.serial)
		return a->came < b->came;
	return is_before(a->start, b->start);
}

static void put(struct in_order *o, struct held h)
{
	size_t at = o->count++;

	o->held = xgrow(o->held, at, sizeof(*o->held));
	for (; at && comes_first(&h, &o->held[(at - 1) / 2]); at = (at - 1) / 2)
		o->held[at] = o->held[(at - 1) / 2];
	o->held[at] = h;
}

static struct held take_first(struct in_order *o)
{
	struct held first = o->held[0], last = o->held[--o->count];
	size_t at = 0, below;

	while ((below = 2 * at + 1) < o->count) {
		below += below + 1 < o->count && comes_first(&o->held[below + 1], &o->held[below]);
		if (!comes_first(&o->held[below], &last))
			break;
		o->held[at] = o->held[below];
		at = below;
	}
	o->held[at] = last;
	return first;
}

/* ---- what is held ---- */

void in_order_free(struct in_order *o)
{
	for (size_t i = 0; o && i < o->count; i++)
		exchange_unref(o->held[i].x);
	if (o)
		free(o->held);
	free(o);
}

static void pass_first(struct in_order *o)
{
	struct held h = take_first(o);

	if (h.superseded)
		observers_superseded(o->to, h.x);
	else
		observers_ended(o->to, h.x);
	o->bytes -= h.bytes;
	exchange_unref(h.x);
}

static void pass_due(struct in_order *o)
{
	while (o->count && (is_before(o->held[0].start, o->earliest) ||
			    o->bytes > o->lim->max[LIMIT_memory] / PART))
		pass_first(o);
}

static void hold(struct in_order *o, struct exchange *x, bool superseded)
{
	struct held h = { .x = exchange_ref(x),
			  .start = assembler_start(x),
			  .came = o->came++,
			  .bytes = exchange_bytes(x),
			  .superseded = superseded };

	o->bytes += h.bytes;
	put(o, h);
}

/* Only the end of the one that began first can let others pass. Which one that is takes a look at
 * all that is under way: where that is much, others may end before the next look. */
static void end(struct in_order *o, struct exchange *x, bool superseded)
{
	hold(o, x, superseded);
	o->passed |= !o->earliest.serial || o->earliest.serial == x->serial;
	o->ended++;
	if (o->passed && o->ended > assembler_count(o->from) / LOOK_PART) {
		o->earliest = assembler_earliest(o->from);
		o->passed = false;
		o->ended = 0;
	}
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
	while (o->count)
		pass_first(o);
}
