/* SPDX-License-Identifier: MIT */
#include "proxy/finder.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/list.h"
#include "base/xalloc.h"

struct finder_query {
	struct list in;
	struct sockaddr_storage theirs, ours;
	pid_t known;
	struct owner owner;
	finder_fn fn; /* NULL: it was dropped; the loop's thread alone looks at it */
	void *arg;
};

struct finder {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t asked_more;
	struct list asked, answered; /* the oldest is the last; under the lock */
	bool ends;		     /* under the lock */
	int answers;		     /* an eventfd */
	struct event *event;
};

static struct finder_query *next_query(struct finder *f)
{
	struct list *l;

	pthread_mutex_lock(&f->lock);
	while (!f->ends && list_is_empty(&f->asked))
		pthread_cond_wait(&f->asked_more, &f->lock);
	l = f->ends ? NULL : list_last(&f->asked);
	if (l)
		list_remove(l);
	pthread_mutex_unlock(&f->lock);
	return l ? container_of(l, struct finder_query, in) : NULL;
}

static void *work(void *arg)
{
	struct finder *f = arg;
	struct finder_query *q;

	while ((q = next_query(f))) {
		owner_find((struct sockaddr *)&q->theirs, (struct sockaddr *)&q->ours, q->known,
			   &q->owner);
		pthread_mutex_lock(&f->lock);
		list_add_first(&f->answered, &q->in);
		pthread_mutex_unlock(&f->lock);
		(void)!eventfd_write(f->answers, 1);
	}
	return NULL;
}

static struct finder_query *take(struct finder *f, struct list *from)
{
	struct list *l;

	pthread_mutex_lock(&f->lock);
	l = list_last(from);
	if (l)
		list_remove(l);
	pthread_mutex_unlock(&f->lock);
	return l ? container_of(l, struct finder_query, in) : NULL;
}

static void on_answers(evutil_socket_t fd, short what, void *arg)
{
	struct finder *f = arg;
	struct finder_query *q;
	eventfd_t count;

	eventfd_read(f->answers, &count);
	while ((q = take(f, &f->answered))) {
		if (q->fn)
			q->fn(q->arg, q->owner);
		else
			owner_done(&q->owner);
		free(q);
	}
}

struct finder *finder_new(struct event_base *base)
{
	struct finder *f = xcalloc(1, sizeof(*f));

	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->asked_more, NULL);
	list_init(&f->asked);
	list_init(&f->answered);
	f->answers = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	f->event = event_new(base, f->answers, EV_READ | EV_PERSIST, on_answers, f);
	if (f->answers >= 0 && f->event && event_add(f->event, NULL) == 0 &&
	    pthread_create(&f->thread, NULL, work, f) == 0)
		return f;
	if (f->event)
		event_free(f->event);
	if (f->answers >= 0)
		close(f->answers);
	free(f);
	return NULL;
}

void finder_free(struct finder *f)
{
	struct finder_query *q;

	if (!f)
		return;
	pthread_mutex_lock(&f->lock);
	f->ends = true;
	pthread_cond_signal(&f->asked_more);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->thread, NULL);
	while ((q = take(f, &f->asked)))
		free(q);
	on_answers(f->answers, 0, f);
	event_free(f->event);
	close(f->answers);
	free(f);
}

struct finder_query *finder_ask(struct finder *f, evutil_socket_t fd, pid_t known, finder_fn fn,
				void *arg)
{
	struct finder_query *q = xcalloc(1, sizeof(*q));
	socklen_t a = sizeof(q->theirs), b = sizeof(q->ours);

	q->known = known;
	q->fn = fn;
	q->arg = arg;
	getpeername(fd, (struct sockaddr *)&q->theirs, &a);
	getsockname(fd, (struct sockaddr *)&q->ours, &b);
	pthread_mutex_lock(&f->lock);
	list_add_first(&f->asked, &q->in);
	pthread_cond_signal(&f->asked_more);
	pthread_mutex_unlock(&f->lock);
	return q;
}

void finder_drop(struct finder_query *q)
{
	q->fn = NULL;
}
