/* SPDX-License-Identifier: MIT */
#include "proxy/outlet.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "source/record.h"

#define QUEUE_MAX (256u << 20)
/* So long, or so much, is gathered: to wake the reader for each token would take its processor from
 * those who wait for the token. */
#define GATHER_MS    1
#define GATHER_BYTES (128u << 10)
/* At the end, for a reader that does not read. */
#define LAST_MS 2000

struct outlet {
	struct event_base *base;
	struct event *writable, *gone, *later;
	int fd;
	bool closed; /* nobody reads */
	bool ends;   /* nothing more is taken */
	struct buf queue;
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
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct outlet *o = arg;

	write_some(o);
	if (o->queue.len && !o->closed)
		event_add(o->writable, NULL);
}

static void write_later(struct outlet *o)
{
	struct timeval later = { .tv_usec = GATHER_MS * 1000 };

	if (event_pending(o->writable, EV_WRITE, NULL))
		return;
	if (o->queue.len - o->done >= GATHER_BYTES)
		on_turn(o->fd, 0, o);
	else if (!event_pending(o->later, EV_TIMEOUT, NULL))
		event_add(o->later, &later);
}

/* The reader sends nothing: it has closed its half, or is gone. What ends now ends because we do.
 */
static void on_gone(evutil_socket_t fd, short what, void *arg)
{
	struct outlet *o = arg;

	o->ends = true;
	event_base_loopbreak(o->base);
}

/* In place, since much may pass. */
static void add_record(struct outlet *o, const struct chunk *c)
{
	uint8_t head[RECORD_HEAD_LEN] = { RECORD_CHUNK };
	size_t at = o->queue.len;
	struct span payload;

	buf_add(&o->queue, span_of(head, sizeof(head)));
	chunk_encode(c, &o->queue);
	payload = span_from(buf_span(&o->queue), at + sizeof(head));
	put_le(head + 4, payload.len, 4);
	put_le(head + 8, crc32(0, payload.ptr, (uInt)payload.len), 4);
	memcpy(o->queue.ptr + at, head, sizeof(head));
}

void outlet_chunk(struct outlet *o, const struct chunk *c)
{
	if (o->closed || o->ends || c->data.len > RECORD_PAYLOAD_MAX / 2 ||
	    o->queue.len > QUEUE_MAX - RECORD_PAYLOAD_MAX)
		return;
	add_record(o, c);
	write_later(o);
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
	add_record(o, &clock);
	on_turn(o->fd, 0, o);
}

struct outlet *outlet_new(struct event_base *base, int fd)
{
	struct outlet *o = xcalloc(1, sizeof(*o));

	evutil_make_socket_nonblocking(fd);
	o->base = base;
	o->fd = fd;
	o->writable = event_new(base, fd, EV_WRITE, on_turn, o);
	o->later = evtimer_new(base, on_turn, o);
	o->gone = event_new(base, fd, EV_READ, on_gone, o);
	event_add(o->gone, NULL);
	buf_init(&o->queue, QUEUE_MAX);
	begin(o);
	return o;
}

static void write_last(struct outlet *o)
{
	struct pollfd fd = { .fd = o->fd, .events = POLLOUT };

	for (write_some(o); o->queue.len && !o->closed; write_some(o))
		if (poll(&fd, 1, LAST_MS) <= 0)
			break;
}

void outlet_free(struct outlet *o)
{
	if (!o)
		return;
	write_last(o);
	event_free(o->writable);
	event_free(o->later);
	event_free(o->gone);
	close(o->fd);
	buf_done(&o->queue);
	free(o);
}
