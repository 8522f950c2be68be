/* SPDX-License-Identifier: MIT */
#include "source/kernel_buffer.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "kernel/bpf.h"
#include "kernel/cpus.h"
#include "source/ring.h"

struct event_ops {
	size_t (*pollfds)(const struct events *e, struct pollfd *fds, size_t max);
	int (*drain)(struct events *e, event_fn fn, void *arg, bool all, size_t budget);
	void (*free)(struct events *e);
};

struct perf_cpu {
	int fd;
	struct perf_event_mmap_page *page;
	size_t map_len;
};

struct perf {
	struct perf_cpu *cpus;
	size_t ncpus, size, page;
	/* Events taken out of the buffers that wait for their turn. */
	struct held {
		uint64_t ts, order;
		uint8_t *bytes;
		size_t len;
	} * held;
	size_t nheld;
	uint64_t order;
};

struct events {
	const struct event_ops *ops;
	bool drained;
	union {
		struct ring *ring;
		struct perf perf;
	};
};

/* ---- ring buffer ---- */

static size_t ring_pollfds(const struct events *e, struct pollfd *fds, size_t max)
{
	if (max)
		fds[0] = (struct pollfd){ .fd = ring_map(e->ring), .events = POLLIN };
	return 1;
}

static int ring_events_drain(struct events *e, event_fn fn, void *arg, bool all, size_t budget)
{
	return ring_drain(e->ring, fn, arg, all ? SIZE_MAX : budget, &e->drained);
}

static void ring_events_free(struct events *e)
{
	ring_free(e->ring);
}

static const struct event_ops ring_ops = {
	.pollfds = ring_pollfds,
	.drain = ring_events_drain,
	.free = ring_events_free,
};

static int ring_events_open(struct events *e, int map, size_t bytes, struct error *reterr)
{
	e->ops = &ring_ops;
	return ring_open(&e->ring, map, bytes, reterr);
}

/* ---- perf buffers ---- */

static size_t perf_pollfds(const struct events *e, struct pollfd *fds, size_t max)
{
	for (size_t i = 0; i < e->perf.ncpus && i < max; i++)
		fds[i] = (struct pollfd){ .fd = e->perf.cpus[i].fd, .events = POLLIN };
	return e->perf.ncpus;
}

/* Copies `len` bytes at `off` of a buffer that wraps. */
static void copy_wrapped(uint8_t *out, const uint8_t *base, size_t size, uint64_t off, size_t len)
{
	size_t at = off & (size - 1);
	size_t first = len < size - at ? len : size - at;

	memcpy(out, base + at, first);
	memcpy(out + first, base, len - first);
}

/* Keeps one event for its turn: `len` bytes, whose first field is its time. */
static void hold(struct perf *p, const uint8_t *base, uint64_t off, size_t len)
{
	struct held *h;

	if (len < sizeof(h->ts))
		return;
	p->held = xgrow(p->held, p->nheld, sizeof(*p->held));
	h = &p->held[p->nheld++];
	h->bytes = xmalloc(len);
	h->len = len;
	h->order = p->order++;
	copy_wrapped(h->bytes, base, p->size, off, len);
	memcpy(&h->ts, h->bytes, sizeof(h->ts));
}

static int perf_take(struct perf *p, struct perf_cpu *c, event_fn fn, void *arg)
{
	const uint8_t *base = (const uint8_t *)c->page + p->page;
	uint64_t tail = c->page->data_tail;
	uint64_t head = __atomic_load_n(&c->page->data_head, __ATOMIC_ACQUIRE);
	int err = 0;

	while (tail < head && !err) {
		struct perf_event_header h;
		uint64_t lost[2]; /* id, count */
		uint32_t len;

		copy_wrapped((uint8_t *)&h, base, p->size, tail, sizeof(h));
		if (h.size < sizeof(h))
			break;
		if (h.type == PERF_RECORD_LOST && h.size >= sizeof(h) + sizeof(lost)) {
			copy_wrapped((uint8_t *)lost, base, p->size, tail + sizeof(h),
				     sizeof(lost));
			err = fn(arg, NULL, (size_t)lost[1]);
		} else if (h.type == PERF_RECORD_SAMPLE && h.size > sizeof(h) + sizeof(len)) {
			copy_wrapped((uint8_t *)&len, base, p->size, tail + sizeof(h), sizeof(len));
			if (len <= h.size - sizeof(h) - sizeof(len))
				hold(p, base, tail + sizeof(h) + sizeof(len), len);
		}
		tail += h.size;
	}
	__atomic_store_n(&c->page->data_tail, tail, __ATOMIC_RELEASE);
	return err;
}

static int by_time(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	if (x->ts != y->ts)
		return x->ts < y->ts ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* An event's time is taken before the event is in its buffer; a program that was preempted in
 * between is later than this only rarely, and then the stream stage puts it in order. */
#define SETTLE_NS 2000000ull

/* `budget` is not looked at: what is held is bounded by the buffers' size. */
static int perf_drain(struct events *e, event_fn fn, void *arg, bool all, size_t budget)
{
	struct perf *p = &e->perf;
	uint64_t settled = now_ns() - SETTLE_NS;
	size_t done = 0;
	int err = 0;

	for (size_t i = 0; i < p->ncpus && !err; i++)
		err = perf_take(p, &p->cpus[i], fn, arg);
	if (p->nheld)
		qsort(p->held, p->nheld, sizeof(*p->held), by_time);
	while (done < p->nheld && !err && (all || p->held[done].ts < settled)) {
		struct held *h = &p->held[done++];

		err = fn(arg, h->bytes, h->len);
		free(h->bytes);
	}
	e->drained = true;
	p->nheld -= done;
	if (done && p->nheld)
		memmove(p->held, p->held + done, p->nheld * sizeof(*p->held));
	return err;
}

static void perf_free(struct events *e)
{
	struct perf *p = &e->perf;

	for (size_t i = 0; i < p->nheld; i++)
		free(p->held[i].bytes);
	free(p->held);
	for (size_t i = 0; i < p->ncpus; i++) {
		if (p->cpus[i].page)
			munmap(p->cpus[i].page, p->cpus[i].map_len);
		if (p->cpus[i].fd >= 0)
			close(p->cpus[i].fd);
	}
	free(p->cpus);
}

static const struct event_ops perf_ops = {
	.pollfds = perf_pollfds,
	.drain = perf_drain,
	.free = perf_free,
};

static int perf_open_cpu(struct perf *p, struct perf_cpu *c, int map, int cpu)
{
	/* Woken at a quarter, not at each event: a wake-up costs the traced program as much as
	 * the capture. The rest is drained by the clock. */
	struct perf_event_attr a = { .size = sizeof(a),
				     .type = PERF_TYPE_SOFTWARE,
				     .config = PERF_COUNT_SW_BPF_OUTPUT,
				     .sample_type = PERF_SAMPLE_RAW,
				     .sample_period = 1,
				     .watermark = 1,
				     .wakeup_watermark = (uint32_t)(p->size / 4) };
	void *m;

	c->fd = (int)syscall(__NR_perf_event_open, &a, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (c->fd < 0)
		return -errno;
	c->map_len = p->page + p->size;
	m = mmap(NULL, c->map_len, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, 0);
	if (m == MAP_FAILED)
		return -errno;
	c->page = m;
	if (ioctl(c->fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
		return -errno;
	return bpf_map_put(map, &cpu, &c->fd);
}

static int perf_open(struct events *e, int map, size_t bytes, struct error *reterr)
{
	struct perf *p = &e->perf;
	int *online, err = 0;
	size_t n;

	e->ops = &perf_ops;
	*p = (struct perf){ .size = bytes, .page = (size_t)sysconf(_SC_PAGESIZE) };
	n = cpus_online(&online);
	p->cpus = xcalloc(n, sizeof(*p->cpus));
	for (size_t i = 0; i < n && !err; i++) {
		p->cpus[i].fd = -1;
		p->ncpus++;
		err = perf_open_cpu(p, &p->cpus[i], map, online[i]);
	}
	free(online);
	if (err)
		return error_set(reterr, err, "cannot open a perf buffer: %s", strerror(-err));
	return 0;
}

int events_open(bool ring, int map, size_t bytes, struct events **ret, struct error *reterr)
{
	struct events *e = xcalloc(1, sizeof(*e));
	int err = ring ? ring_events_open(e, map, bytes, reterr) : perf_open(e, map, bytes, reterr);

	if (err) {
		events_free(e);
		return err;
	}
	*ret = e;
	return 0;
}

void events_free(struct events *e)
{
	if (!e)
		return;
	e->ops->free(e);
	free(e);
}

size_t events_pollfds(const struct events *e, struct pollfd *fds, size_t max)
{
	return e->ops->pollfds(e, fds, max);
}

bool events_drained(const struct events *e)
{
	return e->drained;
}

int events_drain(struct events *e, event_fn fn, void *arg, bool all, size_t budget)
{
	return e->ops->drain(e, fn, arg, all, budget);
}
