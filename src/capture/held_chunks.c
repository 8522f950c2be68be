/* SPDX-License-Identifier: MIT */
#include "capture/held_chunks.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/xalloc.h"

struct held {
	struct list in;
	struct chunk c;
	uint8_t data[];
};

struct held_chunks {
	struct list all; /* the latest first */
	size_t bytes;
	struct held *taken;
	/* Where the search for the next one of a process goes on. */
	struct list *from;
	uint32_t of;
};

struct held_chunks *held_chunks_new(void)
{
	struct held_chunks *h = xcalloc(1, sizeof(*h));

	list_init(&h->all);
	return h;
}

static struct held *held_of(struct list *member)
{
	return container_of(member, struct held, in);
}

static size_t bytes_of(const struct held *one)
{
	return sizeof(*one) + one->c.data.len;
}

static const struct chunk *take(struct held_chunks *h, struct held *one)
{
	free(h->taken);
	h->taken = one;
	if (!one)
		return NULL;
	h->from = one->in.prev;
	list_remove(&one->in);
	h->bytes -= bytes_of(one);
	return &one->c;
}

void held_chunks_free(struct held_chunks *h)
{
	if (!h)
		return;
	while (held_chunks_take(h, 0))
		;
	free(h);
}

void held_chunks_add(struct held_chunks *h, const struct chunk *c)
{
	struct held *one = xcalloc(1, sizeof(*one) + c->data.len);

	one->c = *c;
	if (c->data.len)
		memcpy(one->data, c->data.ptr, c->data.len);
	one->c.data = span_of(one->data, c->data.len);
	h->bytes += bytes_of(one);
	h->from = NULL;
	list_add_first(&h->all, &one->in);
}

const struct chunk *held_chunks_take(struct held_chunks *h, uint32_t tgid)
{
	struct list *at = h->from && h->of == tgid ? h->from : h->all.prev;

	while (at != &h->all && tgid && held_of(at)->c.conn.tgid != tgid)
		at = at->prev;
	h->of = tgid;
	if (at == &h->all)
		h->from = NULL;
	return take(h, at == &h->all ? NULL : held_of(at));
}

const struct chunk *held_chunks_take_late(struct held_chunks *h, uint64_t now_ns)
{
	struct list *last = list_last(&h->all);
	const struct held *one = last ? held_of(last) : NULL;

	if (!one || (h->bytes <= HELD_CHUNKS_MAX &&
		     (now_ns < one->c.ts_ns || now_ns - one->c.ts_ns <= HELD_CHUNKS_NS)))
		return take(h, NULL);
	h->of = 0;
	return take(h, held_of(last));
}
