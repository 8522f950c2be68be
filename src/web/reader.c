/* SPDX-License-Identifier: MIT */
/* Reads what is kept into the book, and goes on where an archive grows. */
#include "web/copy.h"

#ifdef HAVE_MICROHTTPD

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>

#define POLL_MS 500

static bool is_over(const struct web *w, int ms)
{
	struct pollfd end = { .fd = w->end, .events = POLLIN };

	return poll(&end, 1, ms) > 0;
}

static int on_exchange(void *arg, const struct exchange *x, bool spends, struct error *reterr)
{
	struct web *w = arg;
	uint64_t id;
	int err;

	pthread_mutex_lock(&w->lock);
	id = book_add(w->book, x, spends);
	rate_limits_add(w->rates, x);
	pthread_mutex_unlock(&w->lock);
	w->read++;
	err = copy_add(w, x, id, reterr);
	if (err)
		return err;
	return is_over(w, 0) ? 1 : 0;
}

static void read_on(struct web *w, struct view_query *q)
{
	struct error e = { 0 };
	int err;

	q->after = book_newest(w->book);
	err = view_each_counted(w->kept, q, on_exchange, w, &e);
	if (!err)
		err = copy_flush(w, &e);
	pthread_mutex_lock(&w->lock);
	w->loaded = true;
	w->damage = err ? e : (struct error){ 0 };
	pthread_mutex_unlock(&w->lock);
	if (w->read)
		eventfd_write(w->news, 1);
	w->read = 0;
}

void *web_read(void *arg)
{
	struct web *w = arg;
	struct view_query q = { .select = w->config.select, .whole = true, .order = VIEW_BY_ID };

	do
		read_on(w, &q);
	while (view_is_archive(w->kept) && !is_over(w, POLL_MS));
	return NULL;
}

#endif
