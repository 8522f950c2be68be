/* SPDX-License-Identifier: MIT */
/* Who said how much: sums by process over all that was captured, shown or not. Bounded: where there
 * are too many processes, those longest silent become one row by program. Pure. */
#ifndef SPY_REPORT_PROCESS_STATS_H
#define SPY_REPORT_PROCESS_STATS_H

#include "exchange/exchange.h"
#include "stream/stream.h"

#define SEEN_HOSTS    3
#define SEEN_HOST_LEN 128

struct seen_row {
	uint32_t tgid;	    /* 0: several processes */
	uint64_t processes; /* how many */
	char program[64];
	uint64_t calls, others; /* model calls; other exchanges */
	uint64_t bytes[2];	/* of plaintext, by enum dir */
	uint64_t conns, opaque; /* connections; of those that have ended, without HTTP */
	uint64_t last_ns;	/* as of chunks */
	char hosts[SEEN_HOSTS][SEEN_HOST_LEN]; /* spoken to, the last one first; "" */
	bool more_hosts;
};

struct seen;
struct seen *seen_new(void);
void seen_free(struct seen *s); /* accepts NULL */

void seen_bytes(struct seen *s, const struct conn *c, enum dir d, size_t len, uint64_t ts_ns);
void seen_close(struct seen *s, const struct conn *c, bool http);
void seen_exchange(struct seen *s, const struct exchange *x);

/* Rises with each change. */
uint64_t seen_changes(const struct seen *s);
/* All rows, as they came; valid until the next call with s. */
const struct seen_row *seen_rows(const struct seen *s, size_t *ret_count);

/* A copy for people: the processes of a program that has many become one row; those with the most
 * calls, then bytes, first. The caller frees it. */
struct seen_row *seen_sum_up(const struct seen_row *rows, size_t count, size_t *ret_count);
/* Adds one row's sums to another's. */
void seen_add(struct seen_row *to, const struct seen_row *from);

#endif
