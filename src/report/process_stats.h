/* SPDX-License-Identifier: MIT */
/* Who said how much: sums by process over all that was captured, shown or not. Bounded: where there
 * are too many processes, those longest silent become one row by program. Pure. */
#ifndef SPY_REPORT_PROCESS_STATS_H
#define SPY_REPORT_PROCESS_STATS_H

#include "exchange/observer.h"
#include "stream/stream.h"

#define PROCESS_HOSTS	 3
#define PROCESS_HOST_LEN 128

struct process_row {
	uint32_t tgid;	    /* 0: several processes */
	uint64_t processes; /* how many */
	char program[64];
	char user[33];		/* whose: a name, else a number; "": of several, or not known */
	uint64_t calls, others; /* model calls; other exchanges */
	uint64_t bytes[2];	/* of plaintext, by enum dir */
	uint64_t conns, opaque; /* connections; of those that have ended, without HTTP */
	uint64_t last_ns;	/* as of chunks */
	char hosts[PROCESS_HOSTS][PROCESS_HOST_LEN]; /* spoken to, the last one first; "" */
	bool more_hosts;
};

struct process_stats;
struct process_stats *process_stats_new(void);
void process_stats_free(struct process_stats *s); /* accepts NULL */

void process_stats_bytes(struct process_stats *s, const struct conn *c, enum dir d, size_t len,
			 uint64_t ts_ns);
void process_stats_close(struct process_stats *s, const struct conn *c, bool http);
void process_stats_exchange(struct process_stats *s, const struct exchange *x);
/* Counts exchanges as they end; give it a struct process_stats * as arg. */
extern const struct observer process_stats_observer;

/* Rises with each change. */
uint64_t process_stats_changes(const struct process_stats *s);
/* All rows, as they came; valid until the next call with s. */
const struct process_row *process_stats_rows(const struct process_stats *s, size_t *ret_count);

/* A copy for people: the processes of a program that has many become one row; those with the most
 * calls, then bytes, first. The caller frees it. */
struct process_row *process_rows_sum_up(const struct process_row *rows, size_t count,
					size_t *ret_count);
/* Adds one row's sums to another's. */
void process_row_add(struct process_row *to, const struct process_row *from);

#endif
