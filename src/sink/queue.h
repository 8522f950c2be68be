/* SPDX-License-Identifier: MIT */
/* Events on their way from the thread that assembles to that of one output; bounded in bytes. */
#ifndef SPY_SINK_QUEUE_H
#define SPY_SINK_QUEUE_H

#include "exchange/exchange.h"

enum event_kind { EVENT_REQUEST, EVENT_RESPONSE, EVENT_DELTA, EVENT_SUPERSEDED, EVENT_END };

struct event {
	enum event_kind kind;
	struct exchange *x;	 /* frozen; the event's reference */
	struct exchange_delta d; /* EVENT_DELTA: its spans point behind the event */
	size_t bytes;		 /* that it counts for */
	struct event *next;
};

/* Takes the reference over. d: NULL but of EVENT_DELTA. */
struct event *queued_new(enum event_kind kind, struct exchange *x, const struct exchange_delta *d);
void queued_free(struct event *e); /* accepts NULL */

struct queue;
struct queue *queue_new(size_t max_bytes);
void queue_free(struct queue *q);

/* Takes the event over when it returns true. False: there is no room, and it stays the caller's.
 * wait: waits for room instead, unless the queue is closed. An empty queue takes any event. */
bool queue_put(struct queue *q, struct event *e, bool wait);
/* Whether it is more than half full: what can be left out should be. */
bool queue_is_busy(struct queue *q);
/* Nothing is put any more. */
void queue_close(struct queue *q);
/* The oldest event; NULL: none came within `ms`, or with *ret_closed, none comes any more. */
struct event *queue_take(struct queue *q, unsigned ms, bool *ret_closed);
bool queue_is_empty(struct queue *q);
/* A descriptor that can be read while queue_take would not wait, for whoever waits for others too.
 * To be asked for before events are put; -1: there is none. */
int queue_fd(struct queue *q);

#endif
