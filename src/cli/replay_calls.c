/* SPDX-License-Identifier: MIT */
#include "cli/replay_calls.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/headers.h"

void replay_calls_init(struct replay_calls *c, struct limits *lim)
{
	*c = (struct replay_calls){ .lim = lim };
}

void replay_calls_done(struct replay_calls *c)
{
	for (size_t i = 0; i < c->count; i++) {
		match_done(&c->items[i].match);
		exchange_unref(c->items[i].x);
	}
	free(c->items);
}

struct match_request replay_request(const struct exchange *x)
{
	return (struct match_request){ .method = span_str(x->method),
				       .target = span_str(x->target),
				       .type = headers_find(&x->request_headers, "content-type"),
				       .body = buf_span(&x->request_body.text) };
}

static void keep(struct replay_calls *c, const struct exchange *x)
{
	struct replay_call call = { .order = c->count };
	struct match_request r = replay_request(x);
	size_t bytes;

	call.x = exchange_copy(x, EXCHANGE_BODIES);
	exchange_freeze(call.x);
	match_init(&call.match, &r, c->lim);
	bytes = exchange_bytes(call.x) + call.match.count * sizeof(*call.match.values);
	if (bytes > c->lim->max[LIMIT_memory] - c->bytes) {
		c->past++;
		match_done(&call.match);
		exchange_unref(call.x);
		return;
	}
	c->bytes += bytes;
	c->cut += reply_is_cut(x);
	c->items = xgrow(c->items, c->count, sizeof(*c->items));
	c->items[c->count++] = call;
}

void replay_calls_add(struct replay_calls *c, const struct exchange *x)
{
	enum reply_lack why = reply_lack(x);

	if (why == REPLY_FINE)
		keep(c, x);
	else
		c->lacks[why]++;
}

/* ---- finding ---- */

static int by_digest(const void *a, const void *b)
{
	const struct replay_call *x = a, *y = b;
	int order = memcmp(x->match.digest, y->match.digest, sizeof(x->match.digest));

	return order ? order : x->order < y->order ? -1 : x->order > y->order;
}

void replay_calls_sort(struct replay_calls *c)
{
	if (c->count)
		qsort(c->items, c->count, sizeof(*c->items), by_digest);
}

static bool is_same(const struct replay_calls *c, size_t i, const struct match *m)
{
	return i < c->count && memcmp(c->items[i].match.digest, m->digest, sizeof(m->digest)) == 0;
}

/* The place of the first call that does not come before it. */
static size_t first_of(const struct replay_calls *c, const struct match *m)
{
	size_t first = 0, end = c->count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (memcmp(c->items[middle].match.digest, m->digest, sizeof(m->digest)) < 0)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

const struct exchange *replay_calls_take(struct replay_calls *c, const struct match *m,
					 bool *ret_again)
{
	size_t first = first_of(c, m), i = 0;

	if (!is_same(c, first, m))
		return NULL;
	while (i < c->items[first].asked && is_same(c, first + i + 1, m))
		i++;
	*ret_again = c->items[first].asked > i;
	c->items[first].asked++;
	return c->items[first + i].x;
}

/* ---- what is most like it ---- */

static size_t common(struct span a, struct span b)
{
	size_t n = 0;

	while (n < a.len && n < b.len && a.ptr[n] == b.ptr[n])
		n++;
	return n;
}

/* Method and path count more than the query, and that more than any body; of another path, how much
 * of its beginning is the same. */
static uint64_t likeness(const struct replay_call *call, const struct match *m, struct span target)
{
	bool place = match_same_place(&call->match, m);
	bool query = match_same_query(&call->match, m);
	size_t begin = place ? 0 : common(span_str(call->x->target), target);

	return ((uint64_t)place << 48) + ((uint64_t)begin << 13) + ((uint64_t)query << 12) +
	       match_likeness(&call->match, m);
}

const struct exchange *replay_calls_nearest(const struct replay_calls *c, const struct match *m,
					    struct span target)
{
	const struct replay_call *best = NULL;
	uint64_t most = 0;

	for (size_t i = 0; i < c->count; i++) {
		const struct replay_call *call = &c->items[i];
		uint64_t l = likeness(call, m, target);

		if (best && (l < most || (l == most && call->order > best->order)))
			continue;
		most = l;
		best = call;
	}
	return best ? best->x : NULL;
}
