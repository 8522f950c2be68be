/* SPDX-License-Identifier: MIT */
#include "view/page.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

struct entry {
	struct exchange *x;
	size_t came;
	page_order order;
};

struct page {
	page_order order;
	size_t max;
	struct entry *entries;
	size_t count, came;
};

struct page *page_new(page_order order, size_t max)
{
	struct page *p = xcalloc(1, sizeof(*p));

	p->order = order;
	p->max = max;
	return p;
}

static void cut(struct page *p, size_t count)
{
	while (p->count > count)
		exchange_unref(p->entries[--p->count].x);
}

void page_free(struct page *p)
{
	if (!p)
		return;
	cut(p, 0);
	free(p->entries);
	free(p);
}

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

int page_newest(const struct exchange *a, const struct exchange *b)
{
	int64_t m = exchange_began_ns(a), n = exchange_began_ns(b);

	return m != n ? (m > n ? -1 : 1) : compare(b->id, a->id);
}

int page_by_turn(const struct exchange *a, const struct exchange *b)
{
	int order = strcmp(a->conversation.id, b->conversation.id);

	if (order == 0)
		order = compare(a->conversation.turn, b->conversation.turn);
	return order ? order : compare(a->id, b->id);
}

static int in_order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = x->order(x->x, y->x);

	return order ? order : compare(y->came, x->came);
}

static void sort(struct page *p)
{
	if (p->count)
		qsort(p->entries, p->count, sizeof(*p->entries), in_order);
	if (p->max && p->count > p->max)
		cut(p, p->max);
}

/* A copy, since records that are kept would fill the memory that the pipeline may have. */
void page_add(struct page *p, const struct exchange *x)
{
	p->entries = xgrow(p->entries, p->count, sizeof(*p->entries));
	p->entries[p->count++] =
		(struct entry){ .x = exchange_copy(x, EXCHANGE_CONTENT | EXCHANGE_BODIES),
				.came = p->came++,
				.order = p->order };
	if (p->max && p->count >= 2 * p->max)
		sort(p);
}

int page_each(struct page *p, view_fn fn, void *arg, struct error *reterr)
{
	int err = 0;

	sort(p);
	for (size_t i = 0; i < p->count && !err; i++)
		err = fn(arg, p->entries[i].x, reterr);
	return err == 1 ? 0 : err;
}
