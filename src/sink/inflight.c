/* SPDX-License-Identifier: MIT */
#include "sink/inflight.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "base/xalloc.h"

#define CHARACTERS_PER_TOKEN 4

struct inflight {
	struct inflight_call *calls[INFLIGHT_CALLS];
	size_t count;
	size_t uncounted;
};

struct inflight *inflight_new(void)
{
	return xcalloc(1, sizeof(struct inflight));
}

static void call_free(struct inflight_call *c)
{
	for (size_t i = 0; i < INFLIGHT_PARTS; i++)
		buf_done(&c->parts[i].tail);
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

static void set_model(struct inflight_call *c, const struct exchange *x)
{
	const char *model = x->model_answered ? x->model_answered : x->model_asked;

	if (model)
		utf8_cut(span_str(model), c->model, sizeof(c->model));
}

void inflight_add(struct inflight *f, const struct exchange *x, uint64_t now_ns)
{
	struct inflight_call *c;

	if (place_of(f, x->id) < f->count)
		return;
	if (f->count == INFLIGHT_CALLS) {
		f->uncounted++;
		return;
	}
	c = xcalloc(1, sizeof(*c));
	c->x = exchange_ref(x);
	c->quiet_ns = now_ns;
	for (size_t i = 0; i < INFLIGHT_PARTS; i++)
		buf_init(&c->parts[i].tail, 2 * INFLIGHT_BYTES);
	set_model(c, x);
	f->calls[f->count++] = c;
}

/* The place of a new part; the oldest one makes room. */
static struct inflight_part *new_part(struct inflight_call *c, const struct exchange_delta *d)
{
	struct inflight_part *p;
	struct buf tail;

	if (c->nparts == INFLIGHT_PARTS) {
		tail = c->parts[0].tail;
		memmove(c->parts, c->parts + 1, (INFLIGHT_PARTS - 1) * sizeof(*c->parts));
		c->nparts--;
		c->parts[c->nparts].tail = tail;
	}
	p = &c->parts[c->nparts++];
	tail = p->tail;
	buf_reset(&tail);
	*p = (struct inflight_part){
		.choice = d->choice, .part = d->part, .kind = d->kind, .tail = tail
	};
	utf8_cut(d->name, p->name, sizeof(p->name));
	return p;
}

static struct inflight_part *part_of(struct inflight_call *c, const struct exchange_delta *d)
{
	for (size_t i = 0; i < c->nparts; i++)
		if (c->parts[i].choice == d->choice && c->parts[i].part == d->part)
			return &c->parts[i];
	return new_part(c, d);
}

/* The last bytes, from the beginning of a character on. */
static void add_to_tail(struct inflight_part *p, struct span text)
{
	size_t surplus, n = 0;

	if (text.len > INFLIGHT_BYTES) {
		text = span_from(text, text.len - INFLIGHT_BYTES);
		buf_reset(&p->tail);
		p->is_cut = true;
	}
	buf_add(&p->tail, text);
	if (p->tail.len <= INFLIGHT_BYTES)
		return;
	surplus = p->tail.len - INFLIGHT_BYTES / 2;
	while (surplus + n < p->tail.len && (p->tail.ptr[surplus + n] & 0xc0) == 0x80)
		n++;
	buf_drop(&p->tail, surplus + n);
	p->is_cut = true;
}

static uint64_t characters(struct span s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += (s.ptr[i] & 0xc0) != 0x80;
	return n;
}

void inflight_delta(struct inflight *f, const struct exchange *x, const struct exchange_delta *d,
		    uint64_t now_ns)
{
	size_t i = place_of(f, x->id);
	struct inflight_call *c;

	if (i == f->count)
		return;
	c = f->calls[i];
	set_model(c, x);
	c->quiet_ns = now_ns;
	c->characters += characters(d->text);
	add_to_tail(part_of(c, d), d->text);
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
	else if (f->uncounted)
		f->uncounted--;
}

void inflight_expire(struct inflight *f, uint64_t before_ns)
{
	for (size_t i = f->count; i-- > 0;)
		if (f->calls[i]->quiet_ns < before_ns)
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

size_t inflight_uncounted(const struct inflight *f)
{
	return f->uncounted;
}

uint64_t inflight_tokens(const struct inflight_call *c)
{
	return (c->characters + CHARACTERS_PER_TOKEN - 1) / CHARACTERS_PER_TOKEN;
}
