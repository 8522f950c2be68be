/* SPDX-License-Identifier: MIT */
#include "discover/mailbox.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/xalloc.h"

struct mailbox {
	pthread_mutex_t lock;
	pthread_cond_t came;
	/* Under the lock. */
	struct batch *told;
	uint64_t stop_ns; /* when; 0: not yet */
	/* The reader's own. */
	struct batch *got;
};

struct mailbox *mailbox_new(void)
{
	struct mailbox *b = xcalloc(1, sizeof(*b));
	pthread_condattr_t attr;

	b->told = xcalloc(1, sizeof(*b->told));
	b->got = xcalloc(1, sizeof(*b->got));
	pthread_mutex_init(&b->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&b->came, &attr);
	pthread_condattr_destroy(&attr);
	return b;
}

void mailbox_free(struct mailbox *b)
{
	pthread_cond_destroy(&b->came);
	pthread_mutex_destroy(&b->lock);
	free(b->told);
	free(b->got);
	free(b);
}

void mailbox_process(struct mailbox *b, pid_t pid)
{
	struct batch *n;
	bool there = false;

	pthread_mutex_lock(&b->lock);
	n = b->told;
	for (size_t i = 0; i < n->npids && !there; i++)
		there = n->pids[i] == pid;
	if (!there && n->npids < MAILBOX_PIDS)
		n->pids[n->npids++] = pid;
	else if (!there)
		n->overflow = true;
	pthread_cond_signal(&b->came);
	pthread_mutex_unlock(&b->lock);
}

void mailbox_connected(struct mailbox *b, pid_t pid, const struct endpoints *ends)
{
	struct batch *n;
	bool there = false;

	pthread_mutex_lock(&b->lock);
	n = b->told;
	for (size_t i = 0; i < n->nopened && !there; i++)
		there = n->opened[i].pid == pid;
	if (!there && n->nopened < MAILBOX_OPENED) {
		n->opened[n->nopened].pid = pid;
		endpoint_text(ends->family, &ends->peer, n->opened[n->nopened++].peer);
		pthread_cond_signal(&b->came);
	}
	pthread_mutex_unlock(&b->lock);
}

void mailbox_class(struct mailbox *b, pid_t pid, enum traffic_class looks, uint64_t bytes)
{
	struct batch *n;
	size_t i = 0;

	pthread_mutex_lock(&b->lock);
	n = b->told;
	while (i < n->nverdicts && (n->verdicts[i].pid != pid || n->verdicts[i].looks != looks))
		i++;
	if (i < n->nverdicts) {
		n->verdicts[i].times++;
		n->verdicts[i].bytes += bytes;
	} else if (i < MAILBOX_VERDICTS) {
		n->verdicts[n->nverdicts++] =
			(struct verdict){ .pid = pid, .looks = looks, .times = 1, .bytes = bytes };
	}
	pthread_mutex_unlock(&b->lock);
}

void mailbox_stop(struct mailbox *b)
{
	pthread_mutex_lock(&b->lock);
	b->stop_ns = now_ns();
	pthread_cond_signal(&b->came);
	pthread_mutex_unlock(&b->lock);
}

uint64_t mailbox_stopped_ns(struct mailbox *b)
{
	uint64_t at;

	pthread_mutex_lock(&b->lock);
	at = b->stop_ns;
	pthread_mutex_unlock(&b->lock);
	return at ? now_ns() - at : 0;
}

static bool is_there(const struct batch *n)
{
	return n->npids || n->nopened || n->overflow;
}

const struct batch *mailbox_wait(struct mailbox *b, uint64_t until_ns)
{
	struct timespec t = { .tv_sec = (time_t)(until_ns / 1000000000),
			      .tv_nsec = (long)(until_ns % 1000000000) };
	struct batch *got = NULL;

	b->got->npids = b->got->nopened = b->got->nverdicts = 0;
	b->got->overflow = false;
	pthread_mutex_lock(&b->lock);
	while (!is_there(b->told) && !b->stop_ns)
		if (pthread_cond_timedwait(&b->came, &b->lock, &t) != 0)
			break;
	if (!b->stop_ns) {
		got = b->told;
		b->told = b->got;
		b->got = got;
	}
	pthread_mutex_unlock(&b->lock);
	return got;
}

const struct batch *mailbox_rest(const struct mailbox *b)
{
	return b->told;
}
