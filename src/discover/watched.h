/* SPDX-License-Identifier: MIT */
/* What people are told of the programs that are watched: how many there are, and whose beginning
 * was missed. */
#ifndef SPY_DISCOVER_WATCHED_H
#define SPY_DISCOVER_WATCHED_H

#include "base/buf.h"
#include "discover/targets.h"
#include "hold/hold.h"

/* Appends "6 programs (4 python3.11, 2 node)": the most frequent ones first, and no more than fit a
 * line. */
void watched_write(const struct targets *ts, struct buf *out);
/* The process was looked at while it ran: says so if scanning its files took long, for what it said
 * until now was missed. `before`: of `files`, before that. */
void watched_say_late(const struct targets *ts, pid_t pid, const struct scan_cache_stats *before,
		      const struct scan_cache *files);
/* A file that was held has been looked at. Says so if it has TLS and who opened it went on before,
 * at the limit: what that said until now was missed. */
void watched_say_passed(const struct targets *ts, const struct held_file *f, uint64_t limit_ns,
			const char *path);

#endif
