/* SPDX-License-Identifier: MIT */
/* Finds owners of connections on a thread of its own, since /proc may take long, so that nobody
 * else's bytes wait. */
#ifndef SPY_PROXY_FINDER_H
#define SPY_PROXY_FINDER_H

#include <event2/event.h>

#include "proxy/owner.h"

struct finder;
struct finder_query;
/* On the thread of the loop. The owner is the callee's, to be owner_done(). */
typedef void (*finder_fn)(void *arg, struct owner owner);

/* NULL: there is no thread to be had. */
struct finder *finder_new(struct event_base *base);
/* Waits for the one query that may be under way. All have been answered or dropped before. Accepts
 * NULL. */
void finder_free(struct finder *f);

/* Whoever is connected to us by `fd`; known: as for owner_find. It is answered later, never from
 * within. */
struct finder_query *finder_ask(struct finder *f, evutil_socket_t fd, pid_t known, finder_fn fn,
				void *arg);
/* Nobody wants to know any more. */
void finder_drop(struct finder_query *q);

#endif
