/* SPDX-License-Identifier: MIT */
#include "report/registry.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "base/xalloc.h"

struct registry {
	pthread_mutex_t lock;
	uint64_t changes;
	struct registry_row *live; /* in order of serial numbers */
	size_t nlive;
	struct registry_row *ended; /* a ring: `first` is the oldest of `nended` */
	size_t first, nended, max;
	size_t bytes, bytes_max;
};

struct registry *registry_new(size_t ended, size_t bytes)
{
	struct registry *r = xcalloc(1, sizeof(*r));

	pthread_mutex_init(&r->lock, NULL);
	r->max = ended ? ended : 1;
	r->bytes_max = bytes;
	r->ended = xcalloc(r->max, sizeof(*r->ended));
	return r;
}

static struct registry_row *ended_at(const struct registry *r, size_t i)
{
	return &r->ended[(r->first + i) % r->max];
}

void registry_free(struct registry *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->nlive; i++) {
		exchange_unref(r->live[i].x);
		free(r->live[i].tail);
	}
	for (size_t i = 0; i < r->nended; i++)
		exchange_unref(ended_at(r, i)->x);
	free(r->live);
	free(r->ended);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* ---- what is in flight ---- */

/* The newest are at the end, and most events are about them. NULL: it is not there. */
static struct registry_row *row_of(struct registry *r, uint64_t serial)
{
	for (size_t i = r->nlive; i > 0; i--)
		if (r->live[i - 1].x->serial == serial)
			return &r->live[i - 1];
	return NULL;
}

static void read_usage(struct registry_row *row, const struct exchange *x)
{
	row->usage = x->usage;
	row->usage.raw = NULL;
}

/* They rise in the order in which exchanges begin; one that waited comes later. */
static struct registry_row *insert(struct registry *r, uint64_t serial)
{
	size_t at = r->nlive;

	r->live = xgrow(r->live, r->nlive++, sizeof(*r->live));
	for (; at > 0 && r->live[at - 1].x->serial > serial; at--)
		r->live[at] = r->live[at - 1];
	r->live[at] = (struct registry_row){ .in_flight = true };
	return &r->live[at];
}

static void take_out(struct registry *r, struct registry_row *row)
{
	size_t at = (size_t)(row - r->live);

	exchange_unref(row->x);
	free(row->tail);
	memmove(row, row + 1, (r->nlive - at - 1) * sizeof(*row));
	r->nlive--;
}

static void put(struct registry *r, struct exchange *x, unsigned parts, uint64_t ns)
{
	struct exchange *snapshot = exchange_snapshot(x, parts);
	struct registry_row *row;

	pthread_mutex_lock(&r->lock);
	row = row_of(r, x->serial);
	if (!row)
		row = insert(r, x->serial);
	exchange_unref(row->x);
	row->x = snapshot;
	if (ns)
		row->changed_ns = ns;
	read_usage(row, x);
	r->changes++;
	pthread_mutex_unlock(&r->lock);
}

static void on_opened(void *arg, struct exchange *x)
{
	put(arg, x, 0, x->t.request_first);
}

static void on_request(void *arg, struct exchange *x)
{
	put(arg, x, EXCHANGE_CONTENT, x->t.request_last);
}

static void on_response(void *arg, struct exchange *x)
{
	put(arg, x, EXCHANGE_CONTENT, x->t.response_first);
}

/* Where whole characters begin from there on. */
static size_t whole_from(const struct registry_row *row, size_t at)
{
	return utf8_begin(span_of(row->tail, row->tail_len), at);
}

/* Room for so many bytes more, and a NUL. */
static void make_room(struct registry_row *row, size_t more)
{
	size_t size = row->tail_size ? row->tail_size : 256;

	while (size < row->tail_len + more + 1)
		size *= 2;
	if (size == row->tail_size)
		return;
	row->tail = xrealloc(row->tail, size);
	row->tail_size = size;
}

static void add_tail(struct registry_row *row, struct span s)
{
	if (s.len > REGISTRY_TAIL) {
		s = span_from(s, utf8_begin(s, s.len - REGISTRY_TAIL));
		row->tail_len = 0;
	}
	if (row->tail_len + s.len >= REGISTRY_TAIL_MAX) {
		size_t drop = whole_from(row, row->tail_len + s.len - REGISTRY_TAIL);

		row->tail_len -= drop;
		memmove(row->tail, row->tail + drop, row->tail_len);
	}
	make_room(row, s.len);
	memcpy(row->tail + row->tail_len, s.ptr, s.len);
	row->tail_len += s.len;
	row->tail[row->tail_len] = '\0';
}

static void on_delta(void *arg, struct exchange *x, const struct exchange_delta *d)
{
	struct registry *r = arg;
	struct registry_row *row;

	pthread_mutex_lock(&r->lock);
	row = row_of(r, x->serial);
	if (row) {
		row->deltas++;
		row->text_bytes += d->text.len;
		row->changed_ns = d->ts_ns;
		read_usage(row, x);
		if (d->text.len && !memchr(d->text.ptr, '\0', d->text.len))
			add_tail(row, d->text);
		r->changes++;
	}
	pthread_mutex_unlock(&r->lock);
}

/* ---- what has ended ---- */

static void drop_oldest(struct registry *r)
{
	struct registry_row *row = ended_at(r, 0);

	r->bytes -= row->text_bytes;
	exchange_unref(row->x);
	r->first = (r->first + 1) % r->max;
	r->nended--;
}

static void forget(struct registry *r, uint64_t serial)
{
	struct registry_row *row = row_of(r, serial);

	if (row)
		take_out(r, row);
	r->changes++;
}

static void on_ended(void *arg, struct exchange *x)
{
	struct registry *r = arg;
	size_t bytes = exchange_bytes(x);

	pthread_mutex_lock(&r->lock);
	forget(r, x->serial);
	if (bytes <= r->bytes_max) {
		while (r->nended && (r->nended == r->max || r->bytes + bytes > r->bytes_max))
			drop_oldest(r);
		*ended_at(r, r->nended++) =
			(struct registry_row){ .x = exchange_ref(x), .text_bytes = bytes };
		r->bytes += bytes;
	}
	pthread_mutex_unlock(&r->lock);
}

static void on_superseded(void *arg, struct exchange *x)
{
	struct registry *r = arg;

	pthread_mutex_lock(&r->lock);
	forget(r, x->serial);
	pthread_mutex_unlock(&r->lock);
}

const struct observer registry_observer = {
	.opened = on_opened,
	.request = on_request,
	.response = on_response,
	.delta = on_delta,
	.superseded = on_superseded,
	.ended = on_ended,
};

/* ---- reading ---- */

static int by_serial(const void *a, const void *b)
{
	const struct registry_row *x = a, *y = b;

	return x->x->serial < y->x->serial ? -1 : x->x->serial > y->x->serial;
}

struct registry_row *registry_snapshot(struct registry *r, size_t *ret_count)
{
	struct registry_row *rows;
	size_t n = 0;

	pthread_mutex_lock(&r->lock);
	rows = xcalloc(r->nended + r->nlive + 1, sizeof(*rows));
	for (size_t i = 0; i < r->nended; i++) {
		const struct registry_row *e = ended_at(r, i);

		rows[n] = (struct registry_row){ .x = exchange_ref(e->x),
						 .changed_ns = e->x->t.response_last };
		read_usage(&rows[n++], e->x);
	}
	for (size_t i = 0; i < r->nlive; i++) {
		rows[n] = r->live[i];
		if (rows[n].tail)
			rows[n].tail = xstrndup(rows[n].tail, rows[n].tail_len);
		exchange_ref(rows[n++].x);
	}
	pthread_mutex_unlock(&r->lock);
	qsort(rows, n, sizeof(*rows), by_serial);
	*ret_count = n;
	return rows;
}

void registry_rows_free(struct registry_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		exchange_unref(rows[i].x);
		free(rows[i].tail);
	}
	free(rows);
}

const char *registry_row_end(const struct registry_row *row, size_t max)
{
	if (!row->tail)
		return NULL;
	return row->tail + (row->tail_len > max ? whole_from(row, row->tail_len - max) : 0);
}

uint64_t registry_changes(struct registry *r)
{
	uint64_t n;

	pthread_mutex_lock(&r->lock);
	n = r->changes;
	pthread_mutex_unlock(&r->lock);
	return n;
}
