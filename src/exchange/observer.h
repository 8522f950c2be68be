/* SPDX-License-Identifier: MIT */
/* The life of an exchange as events, and who observes it: statistics, outputs, the registry. All
 * are called on the thread that assembles. The record is borrowed, its credentials are masked; to
 * keep it, take a snapshot, or after `ended` a reference (exchange.h). */
#ifndef SPY_EXCHANGE_OBSERVER_H
#define SPY_EXCHANGE_OBSERVER_H

#include "exchange/exchange.h"

/* For each exchange: opened, then request, response and deltas as far as they come, then ended or
 * superseded, once. Any but ended may be NULL. Where the source can wait (pipeline_set_in_order),
 * only ended and superseded come.
 *
 * Both views of a call whose two ends are traced are exchanges: where the client's shows it, its
 * server's ends as superseded. It is not opened before that is known, unless it waited for long
 * enough. */
struct observer {
	void (*opened)(void *arg, struct exchange *x);	/* the request's head is known: in flight */
	void (*request)(void *arg, struct exchange *x); /* the whole request was read */
	void (*response)(void *arg, struct exchange *x); /* status and header fields are known */
	/* Visible output of a stream; every delta follows the request. */
	void (*delta)(void *arg, struct exchange *x, const struct exchange_delta *d);
	/* x->twin_of is the record that stands for this one. It is frozen. */
	void (*superseded)(void *arg, struct exchange *x);
	void (*ended)(void *arg, struct exchange *x); /* it is frozen */
};

#define OBSERVERS_MAX 12

struct observers {
	struct {
		const struct observer *ops;
		void *arg;
	} items[OBSERVERS_MAX];
	size_t count;
};

/* At most OBSERVERS_MAX; they are called in this order. */
void observers_add(struct observers *o, const struct observer *ops, void *arg);

void observers_opened(const struct observers *o, struct exchange *x);
void observers_request(const struct observers *o, struct exchange *x);
void observers_response(const struct observers *o, struct exchange *x);
void observers_delta(const struct observers *o, struct exchange *x, const struct exchange_delta *d);
void observers_superseded(const struct observers *o, struct exchange *x);
void observers_ended(const struct observers *o, struct exchange *x);

#endif
