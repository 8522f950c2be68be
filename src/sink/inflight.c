/* SPDX-License-Identifier: MIT */
#include "sink/inflight.h"

#include <stdlib.h>

#include "base/xalloc.h"

struct inflight {
	struct inflight_call *calls[INFLIGHT_CALLS];
	size_t count;
	size_t surplus;
};

struct inflight *inflight_new(void)
{
	return xcalloc(1, sizeof(struct inflight));
}

static void call_free(struct inflight_call *c)
{
	streamed_done(&c->answer);
	exchange_unref((struct exchange *)c->request);
	exchange_unref((struct exchange *)c->x);
	free(c);
}

void inflight_free(struct inflight *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->count; i++)
		call_free(f->calls[i]);
	free(f);
}

static size_t place_of(const struct inflight *f, uint64_t id)
{
	size_t i = 0;

	while (i < f->count && f->calls[i]->x->id != id)
		i++;
	return i;
}

void inflight_add(struct inflight *f, const struct exchange *x, uint64_t now_ns)
{
	struct inflight_call *c;

	if (place_of(f, x->id) < f->count)
		return;
	if (f->count == INFLIGHT_CALLS) {
		f->surplus++;
		return;
	}
	c = xcalloc(1, sizeof(*c));
	c->request = exchange_ref(x);
	c->x = exchange_ref(x);
	c->heard_ns = now_ns;
	f->calls[f->count++] = c;
}

void inflight_delta(struct inflight *f, const struct exchange *x, const struct exchange_delta *d,
		    uint64_t now_ns)
{
	size_t i = place_of(f, x->id);
	struct inflight_call *c;

	if (i == f->count)
		return;
	c = f->calls[i];
	if (c->x != x) {
		exchange_unref((struct exchange *)c->x);
		c->x = exchange_ref(x);
	}
	c->heard_ns = now_ns;
	streamed_add(&c->answer, d);
}

static void drop(struct inflight *f, size_t i)
{
	call_free(f->calls[i]);
	f->count--;
	memmove(&f->calls[i], &f->calls[i + 1], (f->count - i) * sizeof(struct inflight_call *));
}

void inflight_remove(struct inflight *f, uint64_t id)
{
	size_t i = place_of(f, id);

	if (i < f->count)
		drop(f, i);
	else if (f->surplus)
		f->surplus--;
}

void inflight_expire(struct inflight *f, uint64_t before_ns)
{
	for (size_t i = f->count; i-- > 0;)
		if (f->calls[i]->heard_ns < before_ns)
			drop(f, i);
}

size_t inflight_count(const struct inflight *f)
{
	return f->count;
}

const struct inflight_call *inflight_at(const struct inflight *f, size_t i)
{
	return f->calls[i];
}

const struct inflight_call *inflight_find(const struct inflight *f, uint64_t id)
{
	size_t i = place_of(f, id);

	return i < f->count ? f->calls[i] : NULL;
}

size_t inflight_surplus(const struct inflight *f)
{
	return f->surplus;
}
