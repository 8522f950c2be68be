/* SPDX-License-Identifier: MIT */
/* What waits to be sent of one signal, in order and bounded in bytes; requests made of it; what the
 * answer of a receiver means. */
#ifndef SPY_TELEMETRY_OTLP_BATCH_H
#define SPY_TELEMETRY_OTLP_BATCH_H

#include "base/buf.h"

enum otlp_signal { OTLP_TRACES, OTLP_LOGS, OTLP_METRICS, OTLP_SIGNALS };

struct otlp_item {
	char *resource, *text; /* JSON */
	bool is_record;	       /* it stands for a record; others come besides */
	bool written;	       /* to the request that is being made */
	struct otlp_item *next;
};

struct otlp_batch {
	enum otlp_signal signal;
	struct otlp_item *first, **end;
	size_t count, bytes, max;
};

void otlp_batch_init(struct otlp_batch *b, enum otlp_signal signal, size_t max_bytes);
void otlp_batch_done(struct otlp_batch *b);

/* Takes both texts over. False: there is no room, and they are freed. */
bool otlp_batch_add(struct otlp_batch *b, char *resource, char *text, bool is_record);

/* A request with the first items: at most so many, and so many bytes unless one alone is larger.
 * Returns how many. schema: its URL; NULL. */
size_t otlp_batch_write(struct otlp_batch *b, size_t max_items, size_t max_bytes,
			const char *version, const char *schema, struct buf *out);
/* Removes the first items. Returns how many were records. */
size_t otlp_batch_drop(struct otlp_batch *b, size_t count);

/* ---- the answer ---- */

enum otlp_verdict {
	OTLP_TAKEN,   /* all but `rejected` */
	OTLP_LATER,   /* to be sent again */
	OTLP_REFUSED, /* to be given up */
};

struct otlp_reply {
	unsigned status; /* of HTTP; 0: there was no answer */
	struct span body;
};

#define OTLP_REASON_SIZE 160
/* reason: why not, or why not all; "": it is not told. */
enum otlp_verdict otlp_judge(const struct otlp_reply *r, uint64_t *ret_rejected,
			     char reason[OTLP_REASON_SIZE]);

/* When to try again after so many failures in a row, in ms: longer each time, from a range that
 * `random` chooses of, and not before the receiver wishes. */
uint64_t otlp_back_off_ms(unsigned failures, uint64_t random, uint64_t retry_after_ms);

#endif
