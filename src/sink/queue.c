/* SPDX-License-Identifier: MIT */
#include "sink/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/xalloc.h"

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t filled, drained;
	struct event *first, *last;
	size_t bytes, max;
	bool closed;
	int fd; /* eventfd, set while something can be taken; -1: nobody polls */
};

struct event *queued_new(enum event_kind kind, struct exchange *x, const struct exchange_delta *d)
{
	size_t text = d ? d->text.len + d->name.len : 0;
	struct event *e = xmalloc(sizeof(*e) + text);
	uint8_t *at = (uint8_t *)(e + 1);

	*e = (struct event){ .kind = kind, .x = x, .bytes = sizeof(*e) + text };
	if (d) {
		e->d = *d;
		e->d.id = x->id; /* it may be younger than the text */
		if (d->text.len)
			memcpy(at, d->text.ptr, d->text.len);
		e->d.text = span_of(at, d->text.len);
		if (d->name.len)
			memcpy(at + d->text.len, d->name.ptr, d->name.len);
		e->d.name = span_of(at + d->text.len, d->name.len);
	} else {
		e->bytes += exchange_bytes(x);
	}
	return e;
}

void queued_free(struct event *e)
{
	if (!e)
		return;
	exchange_unref(e->x);
	free(e);
}

struct queue *queue_new(size_t max_bytes)
{
	struct queue *q = xcalloc(1, sizeof(*q));
	pthread_condattr_t attr;

	q->max = max_bytes;
	q->fd = -1;
	pthread_mutex_init(&q->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&q->filled, &attr);
	pthread_cond_init(&q->drained, &attr);
	pthread_condattr_destroy(&attr);
	return q;
}

void queue_free(struct queue *q)
{
	if (!q)
		return;
	while (q->first) {
		struct event *e = q->first;

		q->first = e->next;
		queued_free(e);
	}
	pthread_cond_destroy(&q->filled);
	pthread_cond_destroy(&q->drained);
	pthread_mutex_destroy(&q->lock);
	if (q->fd >= 0)
		close(q->fd);
	free(q);
}

int queue_fd(struct queue *q)
{
	if (q->fd < 0)
		q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return q->fd;
}

/* Under the lock. An eventfd that is not full takes any write. */
static void mark_filled(struct queue *q)
{
	pthread_cond_broadcast(&q->filled);
	if (q->fd >= 0)
		(void)!eventfd_write(q->fd, 1);
}

static void mark_empty(struct queue *q)
{
	eventfd_t count;

	if (q->fd >= 0)
		(void)!eventfd_read(q->fd, &count);
}

static bool has_room(const struct queue *q, const struct event *e)
{
	return !q->first || q->bytes + e->bytes <= q->max;
}

bool queue_put(struct queue *q, struct event *e, bool wait)
{
	bool taken;

	pthread_mutex_lock(&q->lock);
	while (wait && !q->closed && !has_room(q, e))
		pthread_cond_wait(&q->drained, &q->lock);
	taken = !q->closed && has_room(q, e);
	if (taken) {
		e->next = NULL;
		*(q->first ? &q->last->next : &q->first) = e;
		if (q->first == e)
			mark_filled(q);
		q->last = e;
		q->bytes += e->bytes;
	}
	pthread_mutex_unlock(&q->lock);
	return taken;
}

bool queue_is_busy(struct queue *q)
{
	bool busy;

	pthread_mutex_lock(&q->lock);
	busy = q->bytes > q->max / 2;
	pthread_mutex_unlock(&q->lock);
	return busy;
}

bool queue_is_empty(struct queue *q)
{
	bool empty;

	pthread_mutex_lock(&q->lock);
	empty = !q->first;
	pthread_mutex_unlock(&q->lock);
	return empty;
}

void queue_close(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	mark_filled(q);
	pthread_cond_broadcast(&q->drained);
	pthread_mutex_unlock(&q->lock);
}

static struct timespec moment_in(unsigned ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

struct event *queue_take(struct queue *q, unsigned ms, bool *ret_closed)
{
	struct timespec until = moment_in(ms);
	struct event *e;
	int err = 0;

	pthread_mutex_lock(&q->lock);
	while (!q->first && !q->closed && err != ETIMEDOUT)
		err = pthread_cond_timedwait(&q->filled, &q->lock, &until);
	e = q->first;
	if (e) {
		q->first = e->next;
		q->bytes -= e->bytes;
		if (!q->first && !q->closed)
			mark_empty(q);
		pthread_cond_signal(&q->drained);
	}
	*ret_closed = !e && q->closed;
	pthread_mutex_unlock(&q->lock);
	return e;
}
