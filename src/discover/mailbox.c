/* SPDX-License-Identifier: MIT */
#include "discover/mailbox.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/xalloc.h"

struct inbox {
	pthread_mutex_t lock;
	pthread_cond_t came;
	/* Under the lock. */
	struct news *told;
	uint64_t stop_ns; /* when; 0: not yet */
	/* The reader's own. */
	struct news *got;
};

struct inbox *inbox_new(void)
{
	struct inbox *b = xcalloc(1, sizeof(*b));
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

void inbox_free(struct inbox *b)
{
	pthread_cond_destroy(&b->came);
	pthread_mutex_destroy(&b->lock);
	free(b->told);
	free(b->got);
	free(b);
}

void inbox_process(struct inbox *b, pid_t pid)
{
	struct news *n;
	bool there = false;

	pthread_mutex_lock(&b->lock);
	n = b->told;
	for (size_t i = 0; i < n->npids && !there; i++)
		there = n->pids[i] == pid;
	if (!there && n->npids < INBOX_PIDS)
		n->pids[n->npids++] = pid;
	else if (!there)
		n->overflow = true;
	pthread_cond_signal(&b->came);
	pthread_mutex_unlock(&b->lock);
}

void inbox_connected(struct inbox *b, pid_t pid, const struct ends *ends)
{
	struct news *n;
	bool there = false;

	pthread_mutex_lock(&b->lock);
	n = b->told;
	for (size_t i = 0; i < n->nopened && !there; i++)
		there = n->opened[i].pid == pid;
	if (!there && n->nopened < INBOX_OPENED) {
		n->opened[n->nopened].pid = pid;
		ends_text(ends->family, &ends->peer, n->opened[n->nopened++].peer);
		pthread_cond_signal(&b->came);
	}
	pthread_mutex_unlock(&b->lock);
}

void inbox_looks(struct inbox *b, pid_t pid, enum looks looks, uint64_t bytes)
{
	struct news *n;
	size_t i = 0;

	pthread_mutex_lock(&b->lock);
	n = b->told;
	while (i < n->nverdicts && (n->verdicts[i].pid != pid || n->verdicts[i].looks != looks))
		i++;
	if (i < n->nverdicts) {
		n->verdicts[i].times++;
		n->verdicts[i].bytes += bytes;
	} else if (i < INBOX_VERDICTS) {
		n->verdicts[n->nverdicts++] =
			(struct verdict){ .pid = pid, .looks = looks, .times = 1, .bytes = bytes };
	}
	pthread_mutex_unlock(&b->lock);
}

void inbox_stop(struct inbox *b)
{
	pthread_mutex_lock(&b->lock);
	b->stop_ns = now_ns();
	pthread_cond_signal(&b->came);
	pthread_mutex_unlock(&b->lock);
}

uint64_t inbox_stopped_ns(struct inbox *b)
{
	uint64_t at;

	pthread_mutex_lock(&b->lock);
	at = b->stop_ns;
	pthread_mutex_unlock(&b->lock);
	return at ? now_ns() - at : 0;
}

static bool is_there(const struct news *n)
{
	return n->npids || n->nopened || n->overflow;
}

const struct news *inbox_wait(struct inbox *b, uint64_t until_ns)
{
	struct timespec t = { .tv_sec = (time_t)(until_ns / 1000000000),
			      .tv_nsec = (long)(until_ns % 1000000000) };
	struct news *got = NULL;

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

const struct news *inbox_rest(const struct inbox *b)
{
	return b->told;
}
