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
	uint64_t stop_ns;		     /* when; 0: not yet */
	struct held_file held[MAILBOX_HELD]; /* from the first on, in a ring */
	size_t first, nheld;
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

void mailbox_begun(struct mailbox *b, pid_t pid, pid_t tid)
{
	struct batch *n;
	bool there = false;

	pthread_mutex_lock(&b->lock);
	n = b->told;
	/* One that was looked at may have mapped more since. */
	for (size_t i = n->peeked; i < n->nbegun && !there; i++)
		there = n->begun[i].tid == tid;
	if (!there && n->nbegun < MAILBOX_BEGUN)
		n->begun[n->nbegun++] = (struct begun){ .pid = pid, .tid = tid };
	else if (!there)
		n->overflow = true;
	pthread_cond_signal(&b->came);
	pthread_mutex_unlock(&b->lock);
}

bool mailbox_peek(struct mailbox *b, struct begun *ret)
{
	struct batch *n;
	bool any;

	pthread_mutex_lock(&b->lock);
	n = b->told;
	any = n->peeked < n->nbegun;
	if (any)
		*ret = n->begun[n->peeked++];
	pthread_mutex_unlock(&b->lock);
	return any;
}

void mailbox_connected(struct mailbox *b, pid_t pid, bool https, const struct endpoints *ends)
{
	struct batch *n;
	bool there = false;

	pthread_mutex_lock(&b->lock);
	n = b->told;
	for (size_t i = 0; i < n->nopened && !there; i++)
		there = n->opened[i].pid == pid && n->opened[i].https == https;
	if (!there && n->nopened < MAILBOX_OPENED) {
		n->opened[n->nopened].pid = pid;
		n->opened[n->nopened].https = https;
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

void mailbox_uncarried(struct mailbox *b, const struct uncarried *u)
{
	struct batch *n;

	pthread_mutex_lock(&b->lock);
	n = b->told;
	if (n->nuncarried < MAILBOX_UNCARRIED)
		n->uncarried[n->nuncarried++] = *u;
	pthread_cond_signal(&b->came);
	pthread_mutex_unlock(&b->lock);
}

bool mailbox_held(struct mailbox *b, const struct held_file *f)
{
	bool room;

	pthread_mutex_lock(&b->lock);
	room = b->nheld < MAILBOX_HELD && !b->stop_ns;
	if (room)
		b->held[(b->first + b->nheld++) % MAILBOX_HELD] = *f;
	pthread_cond_signal(&b->came);
	pthread_mutex_unlock(&b->lock);
	return room;
}

bool mailbox_next_held(struct mailbox *b, struct held_file *ret)
{
	bool any;

	pthread_mutex_lock(&b->lock);
	any = b->nheld > 0;
	if (any) {
		*ret = b->held[b->first];
		b->first = (b->first + 1) % MAILBOX_HELD;
		b->nheld--;
	}
	pthread_mutex_unlock(&b->lock);
	return any;
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
	return n->nbegun || n->nopened || n->nuncarried || n->overflow;
}

const struct batch *mailbox_wait(struct mailbox *b, uint64_t until_ns)
{
	struct timespec t = { .tv_sec = (time_t)(until_ns / 1000000000),
			      .tv_nsec = (long)(until_ns % 1000000000) };
	struct batch *got = NULL;

	b->got->nbegun = b->got->peeked = b->got->nopened = b->got->nverdicts = 0;
	b->got->nuncarried = 0;
	b->got->overflow = false;
	pthread_mutex_lock(&b->lock);
	while (!is_there(b->told) && !b->nheld && !b->stop_ns)
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
