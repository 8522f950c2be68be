/* SPDX-License-Identifier: MIT */
#include "find/catalog.h"

#include <errno.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/xalloc.h"

#define BUCKETS 4096
#define MAGIC	SPAN_LIT("LLMSPYF\2")

struct catalog {
	struct catalog_entry *buckets[BUCKETS];
	size_t count, max;
	uint64_t clock, dropped;
	bool changed;
};

bool file_id_eq(const struct file_id *a, const struct file_id *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

struct catalog *catalog_new(size_t max)
{
	struct catalog *c = xcalloc(1, sizeof(*c));

	c->max = max < 2 ? 2 : max;
	return c;
}

static void free_entry(struct catalog *c, struct catalog_entry **at)
{
	struct catalog_entry *e = *at;

	*at = e->next;
	plan_done(&e->plan);
	free(e);
	c->count--;
}

static void empty(struct catalog *c)
{
	for (size_t i = 0; i < BUCKETS; i++)
		while (c->buckets[i])
			free_entry(c, &c->buckets[i]);
}

void catalog_free(struct catalog *c)
{
	if (c)
		empty(c);
	free(c);
}

static struct catalog_entry **place_of(struct catalog *c, const struct file_id *id)
{
	struct catalog_entry **at = &c->buckets[(id->ino ^ id->dev << 5 ^ id->size) % BUCKETS];

	while (*at && !file_id_eq(&(*at)->id, id))
		at = &(*at)->next;
	return at;
}

struct catalog_entry *catalog_find(struct catalog *c, const struct file_id *id)
{
	struct catalog_entry *e = *place_of(c, id);

	if (e)
		e->used = ++c->clock;
	return e;
}

struct catalog_entry *catalog_find_copy(struct catalog *c, uint64_t size, const uint8_t *likeness)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct catalog_entry *e = c->buckets[i]; e; e = e->next)
			if (e->id.size == size && !e->failed &&
			    memcmp(e->likeness, likeness, sizeof(e->likeness)) == 0)
				return e;
	return NULL;
}

bool catalog_has_size(const struct catalog *c, uint64_t size)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct catalog_entry *e = c->buckets[i]; e; e = e->next)
			if (e->id.size == size && !e->failed)
				return true;
	return false;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Drops half of the entries, so that the oldest need not be searched for with each new file. */
static void make_room(struct catalog *c)
{
	uint64_t *used = xcalloc(c->count, sizeof(*used)), middle;
	size_t n = 0;

	for (size_t i = 0; i < BUCKETS; i++)
		for (struct catalog_entry *e = c->buckets[i]; e; e = e->next)
			used[n++] = e->used;
	qsort(used, n, sizeof(*used), by_value);
	middle = used[n / 2];
	free(used);
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct catalog_entry **at = &c->buckets[i]; *at;)
			if ((*at)->used < middle) {
				free_entry(c, at);
				c->dropped++;
			} else {
				at = &(*at)->next;
			}
}

void catalog_drop(struct catalog *c, const struct file_id *id)
{
	struct catalog_entry **at = place_of(c, id);

	if (*at)
		free_entry(c, at);
}

struct catalog_entry *catalog_add(struct catalog *c, const struct file_id *id, const uint8_t *check,
				  struct plan *plan)
{
	struct catalog_entry **at, *e;

	catalog_drop(c, id);
	if (c->count >= c->max)
		make_room(c);
	at = place_of(c, id);
	e = *at = xcalloc(1, sizeof(*e));
	e->id = *id;
	memcpy(e->check, check, sizeof(e->check));
	e->plan = *plan;
	e->used = ++c->clock;
	*plan = (struct plan){ 0 };
	c->count++;
	c->changed = true;
	return e;
}

void catalog_each_plan(const struct catalog *c, void (*fn)(void *arg, const struct plan *plan),
		       void *arg)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct catalog_entry *e = c->buckets[i]; e; e = e->next)
			if (e->plan.nparts)
				fn(arg, &e->plan);
}

bool catalog_changed(const struct catalog *c)
{
	return c->changed;
}

uint64_t catalog_dropped(const struct catalog *c)
{
	return c->dropped;
}

static void put_entry(struct buf *out, struct buf *plan, const struct catalog_entry *e)
{
	buf_reset(plan);
	plan_encode(&e->plan, plan);
	buf_add_le(out, e->id.dev, 8);
	buf_add_le(out, e->id.ino, 8);
	buf_add_le(out, e->id.size, 8);
	buf_add_le(out, e->id.mtime_ns, 8);
	buf_add_le(out, e->id.ctime_ns, 8);
	buf_add(out, span_of(e->check, sizeof(e->check)));
	buf_add(out, span_of(e->likeness, sizeof(e->likeness)));
	buf_add_le(out, plan->len, 4);
	buf_add(out, buf_span(plan));
}

int catalog_encode(const struct catalog *c, const uint8_t *stamp, struct buf *out)
{
	struct buf plan;

	buf_init(&plan, PLAN_BYTES_MAX);
	buf_add(out, MAGIC);
	buf_add(out, span_of(stamp, CATALOG_STAMP_LEN));
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct catalog_entry *e = c->buckets[i]; e; e = e->next)
			if (!e->failed)
				put_entry(out, &plan, e);
	digest_seal(out);
	buf_done(&plan);
	return out->full ? -ENOBUFS : 0;
}

static int take_entry(struct catalog *c, struct cursor *r)
{
	struct file_id id;
	struct plan plan = { 0 };
	struct span check, likeness;
	int err;

	id.dev = cursor_le(r, 8);
	id.ino = cursor_le(r, 8);
	id.size = cursor_le(r, 8);
	id.mtime_ns = cursor_le(r, 8);
	id.ctime_ns = cursor_le(r, 8);
	check = cursor_take(r, SHA256_DIGEST_SIZE);
	likeness = cursor_take(r, SHA256_DIGEST_SIZE);
	err = plan_decode(cursor_take(r, cursor_le(r, 4)), &plan);
	if (!r->bad && !err && c->count < c->max)
		memcpy(catalog_add(c, &id, check.ptr, &plan)->likeness, likeness.ptr, likeness.len);
	plan_done(&plan);
	return r->bad || err ? -EPROTO : 0;
}

int catalog_decode(struct catalog *c, const uint8_t *stamp, struct span in)
{
	struct cursor r = { 0 };
	struct span made_by;
	int err;

	err = digest_unseal(MAGIC, in, &r.rest);
	if (err)
		return err;
	made_by = cursor_take(&r, CATALOG_STAMP_LEN);
	if (!span_eq(made_by, span_of(stamp, CATALOG_STAMP_LEN)))
		return -ESTALE;
	while (r.rest.len && !err)
		err = take_entry(c, &r);
	c->changed = false;
	if (err) {
		empty(c);
		return -EPROTO;
	}
	return 0;
}
