/* SPDX-License-Identifier: MIT */
#include "proxy/outlet.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "source/record.h"

#define QUEUE_MAX (256u << 20)

struct outlet {
	struct event_base *base;
	struct event *writable, *gone;
	int fd;
	bool closed;
	struct buf queue, payload;
	size_t done; /* bytes at the front of the queue that are written */
};

static void write_some(struct outlet *o)
{
	while (o->done < o->queue.len && !o->closed) {
		ssize_t n = write(o->fd, o->queue.ptr + o->done, o->queue.len - o->done);

		if (n > 0)
			o->done += (size_t)n;
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			o->closed = true;
	}
	if (o->done == o->queue.len) {
		buf_reset(&o->queue);
		o->done = 0;
	} else if (o->done > o->queue.len / 2) {
		buf_drop(&o->queue, o->done);
		o->done = 0;
	}
	if (o->closed)
		event_base_loopbreak(o->base);
	else if (o->queue.len)
		event_add(o->writable, NULL);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	write_some(arg);
}

/* A pipe is never readable at this end: its reader has left. */
static void on_gone(evutil_socket_t fd, short what, void *arg)
{
	struct outlet *o = arg;

	o->closed = true;
	event_base_loopbreak(o->base);
}

static void add_record(struct outlet *o, struct span payload)
{
	uint8_t head[RECORD_HEAD_LEN] = { RECORD_CHUNK };

	put_le(head + 4, payload.len, 4);
	put_le(head + 8, crc32(0, payload.ptr, (uInt)payload.len), 4);
	buf_add(&o->queue, span_of(head, sizeof(head)));
	buf_add(&o->queue, payload);
}

void outlet_chunk(struct outlet *o, const struct chunk *c)
{
	bool fits;

	if (o->closed)
		return;
	buf_reset(&o->payload);
	fits = chunk_encode(c, &o->payload) == 0 &&
	       o->queue.len + RECORD_HEAD_LEN + o->payload.len <= QUEUE_MAX;
	if (fits)
		add_record(o, buf_span(&o->payload));
	write_some(o);
}

static void begin(struct outlet *o)
{
	uint64_t now = now_ns();
	struct chunk clock = { .kind = CHUNK_CLOCK, .ts_ns = now };
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock.off = (uint64_t)wall.tv_sec * 1000000000 + (uint64_t)wall.tv_nsec - now;
	buf_adds(&o->queue, RECORD_MAGIC);
	buf_add_le(&o->queue, RECORD_FORMAT, 4);
	outlet_chunk(o, &clock);
}

struct outlet *outlet_new(struct event_base *base, int fd)
{
	struct outlet *o = xcalloc(1, sizeof(*o));

	evutil_make_socket_nonblocking(fd);
	o->base = base;
	o->fd = fd;
	o->writable = event_new(base, fd, EV_WRITE, on_writable, o);
	o->gone = event_new(base, fd, EV_READ, on_gone, o);
	event_add(o->gone, NULL);
	buf_init(&o->queue, QUEUE_MAX);
	buf_init(&o->payload, RECORD_PAYLOAD_MAX);
	begin(o);
	return o;
}

void outlet_free(struct outlet *o)
{
	if (!o)
		return;
	event_free(o->writable);
	event_free(o->gone);
	buf_done(&o->queue);
	buf_done(&o->payload);
	free(o);
}
