/* SPDX-License-Identifier: MIT */
#include "web/search.h"

#ifdef HAVE_MICROHTTPD

#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "web/query.h"

/* How long others wait for their answers meanwhile. */
#define STEP_NS 20000000

struct waiting {
	struct MHD_Connection *connection;
	struct web_query q;
	size_t at;
	struct waiting *next;
};

void search_wait(struct web *w, struct MHD_Connection *c)
{
	const struct request r = { .web = w, .connection = c };
	struct waiting *one = xcalloc(1, sizeof(*one)), **last = &w->waiting;
	struct error e;

	one->connection = c;
	web_query_read(&one->q, &r, &e);
	while (*last)
		last = &(*last)->next;
	*last = one;
	http_api.suspend_connection(c);
}

static struct exchange *whole(void *arg, uint64_t id)
{
	struct error e;

	return web_record(arg, id, &e);
}

static void let_go(struct web *w)
{
	struct waiting *first = w->waiting;

	w->waiting = first->next;
	web_query_done(&first->q);
	http_api.resume_connection(first->connection);
	free(first);
}

/* The first is done before the next begins: what it needs is remembered until it is answered. */
void search_step(struct web *w)
{
	struct waiting *first = w->waiting;
	uint64_t end = now_ns() + STEP_NS;
	bool more = true;

	if (!first)
		return;
	pthread_mutex_lock(&w->lock);
	while (more && now_ns() < end)
		more = book_search(w->book, &first->q.book, &first->at, whole, w);
	pthread_mutex_unlock(&w->lock);
	if (!more)
		let_go(w);
}

void search_end(struct web *w)
{
	while (w->waiting)
		let_go(w);
}

#endif
