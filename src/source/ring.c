/* SPDX-License-Identifier: MIT */
/* The kernel maps the buffer's data twice in a row, so no record is split. We map a small part of
 * it at a time: mapped as a whole it would count as our memory, twice.
 *
 * A program may pass more at once than can be looked at meanwhile. Once the buffer fills up,
 * records are copied out of it, which takes far less time; what is still in it comes after them. */
#include "source/ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/xalloc.h"

/* Mapped at a time, and the largest record with its head. */
#define VIEW_BYTES (2u << 20)
#define RECORD_MAX (128u << 10)
/* What is aside at most. */
#define ASIDE_MAX (128u << 20)
#define BITS	  (BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT)

struct ring {
	int map;
	size_t page, size;
	uint64_t *consumer; /* a page that we write */
	uint64_t *producer; /* a page that we read */
	uint8_t *view;	    /* the data from view_at on; NULL: none is mapped */
	size_t view_at, view_len;
	uint8_t *aside;
	size_t aside_at, aside_len, aside_size;
};

int ring_map(const struct ring *r)
{
	return r->map;
}

static void *map_pages(const struct ring *r, size_t page, size_t bytes, int how)
{
	void *p = mmap(NULL, bytes, how, MAP_SHARED, r->map, (off_t)(page * r->page));

	return p == MAP_FAILED ? NULL : p;
}

int ring_open(struct ring **ret, int map, size_t bytes, struct error *reterr)
{
	struct ring *r = xcalloc(1, sizeof(*r));
	int err;

	*r = (struct ring){ .map = map, .page = (size_t)sysconf(_SC_PAGESIZE), .size = bytes };
	r->consumer = map_pages(r, 0, r->page, PROT_READ | PROT_WRITE);
	r->producer = r->consumer ? map_pages(r, 1, r->page, PROT_READ) : NULL;
	if (r->producer) {
		*ret = r;
		return 0;
	}
	err = -errno;
	ring_free(r);
	return error_set(reterr, err, "cannot map the ring buffer: %s", strerror(-err));
}

void ring_free(struct ring *r)
{
	if (!r)
		return;
	if (r->consumer)
		munmap(r->consumer, r->page);
	if (r->producer)
		munmap(r->producer, r->page);
	if (r->view)
		munmap(r->view, r->view_len);
	free(r->aside);
	free(r);
}

/* ---- records ---- */

static size_t record_size(uint32_t head)
{
	return ((head & ~BITS) + BPF_RINGBUF_HDR_SZ + 7) & ~7ull;
}

/* The record at a position, as a whole; NULL: it cannot be mapped. */
static const uint8_t *record_at(struct ring *r, uint64_t position)
{
	size_t at = position & (r->size - 1);
	bool small = 2 * r->size <= VIEW_BYTES;

	if (r->view && (small || (at >= r->view_at && at + RECORD_MAX <= r->view_at + r->view_len)))
		return r->view + (at - r->view_at);
	if (r->view)
		munmap(r->view, r->view_len);
	r->view_at = small ? 0 : at / r->page * r->page;
	r->view_len = 2 * r->size - r->view_at;
	if (r->view_len > VIEW_BYTES)
		r->view_len = VIEW_BYTES;
	r->view = map_pages(r, 2 + r->view_at / r->page, r->view_len, PROT_READ);
	return r->view ? r->view + (at - r->view_at) : NULL;
}

/* Its head, once its program has written all of it. */
static bool is_complete(const uint8_t *record, uint32_t *ret_head)
{
	*ret_head = __atomic_load_n((const uint32_t *)(const void *)record, __ATOMIC_ACQUIRE);
	return !(*ret_head & BPF_RINGBUF_BUSY_BIT);
}

static int give(const uint8_t *record, uint32_t head, event_fn fn, void *arg)
{
	return head & BPF_RINGBUF_DISCARD_BIT ? 0
					      : fn(arg, record + BPF_RINGBUF_HDR_SZ, head & ~BITS);
}

/* ---- aside ---- */

static bool has_aside(const struct ring *r)
{
	return r->aside_at < r->aside_len;
}

static void add_aside(struct ring *r, const uint8_t *record, size_t size)
{
	if (r->aside_len + size > r->aside_size) {
		r->aside_size = r->aside_size ? 2 * r->aside_size : r->size / 2;
		r->aside = xrealloc(r->aside, r->aside_size);
	}
	memcpy(r->aside + r->aside_len, record, size);
	r->aside_len += size;
}

static void drop_aside(struct ring *r)
{
	free(r->aside);
	r->aside = NULL;
	r->aside_at = r->aside_len = r->aside_size = 0;
}

/* Once a quarter of the buffer is in use. */
static void take_aside(struct ring *r)
{
	uint64_t at = *r->consumer, end = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
	const uint8_t *record;
	uint32_t head;

	if (end - at < r->size / 4)
		return;
	while (at < end && (record = record_at(r, at)) && is_complete(record, &head) &&
	       r->aside_len + record_size(head) <= ASIDE_MAX) {
		add_aside(r, record, record_size(head));
		at += record_size(head);
		__atomic_store_n(r->consumer, at, __ATOMIC_RELEASE);
	}
}

/* ---- draining ---- */

/* Bytes of the record that came next; 0: there is none yet. */
static size_t give_next(struct ring *r, event_fn fn, void *arg, int *ret_err)
{
	uint64_t at = *r->consumer;
	const uint8_t *record;
	uint32_t head;

	if (has_aside(r)) {
		record = r->aside + r->aside_at;
		memcpy(&head, record, sizeof(head));
		*ret_err = give(record, head, fn, arg);
		r->aside_at += record_size(head);
		return record_size(head);
	}
	if (at >= __atomic_load_n(r->producer, __ATOMIC_ACQUIRE))
		return 0;
	record = record_at(r, at);
	if (!record || !is_complete(record, &head))
		return 0;
	*ret_err = give(record, head, fn, arg);
	__atomic_store_n(r->consumer, at + record_size(head), __ATOMIC_RELEASE);
	return record_size(head);
}

int ring_drain(struct ring *r, event_fn fn, void *arg, size_t budget, bool *ret_all)
{
	uint64_t end = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
	size_t done = 0, n = 1;
	int err = 0;

	while (n && !err && done < budget && (has_aside(r) || *r->consumer < end)) {
		take_aside(r);
		n = give_next(r, fn, arg, &err);
		done += n;
	}
	if (!has_aside(r))
		drop_aside(r);
	*ret_all = !has_aside(r) && *r->consumer >= end;
	return err;
}
