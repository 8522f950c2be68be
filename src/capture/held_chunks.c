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
};

struct held_chunks *held_chunks_new(void)
{
	struct held_chunks *h = xcalloc(1, sizeof(*h));

	list_init(&h->all);
	return h;
}

static struct held *first(const struct held_chunks *h)
{
	struct list *last = list_last(&h->all);

	return last ? container_of(last, struct held, in) : NULL;
}

static size_t bytes_of(const struct held *one)
{
	return sizeof(*one) + one->c.data.len;
}

void held_chunks_free(struct held_chunks *h)
{
	if (!h)
		return;
	while (held_chunks_first(h))
		held_chunks_take(h);
	free(h->taken);
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
	list_add_first(&h->all, &one->in);
}

const struct chunk *held_chunks_first(const struct held_chunks *h)
{
	const struct held *one = first(h);

	return one ? &one->c : NULL;
}

const struct chunk *held_chunks_take(struct held_chunks *h)
{
	free(h->taken);
	h->taken = first(h);
	list_remove(&h->taken->in);
	h->bytes -= bytes_of(h->taken);
	return &h->taken->c;
}

bool held_chunks_is_late(const struct held_chunks *h, uint64_t now_ns)
{
	const struct held *one = first(h);

	return one && (h->bytes > HELD_CHUNKS_MAX ||
		       (now_ns > one->c.ts_ns && now_ns - one->c.ts_ns > HELD_CHUNKS_NS));
}
