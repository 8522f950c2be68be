/* SPDX-License-Identifier: MIT */
/* Exchanges in an SQLite file: doc/STORE.md. Records wait in memory and are written together, in
 * one transaction, so that the file is locked for moments only and several writers get along. One
 * thread at a time uses a store. */
#ifndef SPY_ARCHIVE_ARCHIVE_H
#define SPY_ARCHIVE_ARCHIVE_H

#include "base/error.h"
#include "exchange/exchange.h"

struct archive;

struct archive_options {
	int64_t keep_ns;   /* records stored longer ago are removed; 0: none is */
	uint64_t max_size; /* bytes; past it the oldest are removed; 0: no ceiling */
	bool bodies;	   /* the text of both bodies too */
	bool has_group;	   /* of which members may read the file: */
	unsigned group;
	unsigned wait_ms; /* for a lock of another program; 0: 10 seconds */
};

/* Makes the file, private, or opens one of this or an earlier version. 0, or -errno with a reason.
 */
int archive_open(struct archive **ret, const char *path, const struct archive_options *o,
		 struct error *reterr);
/* Brings a file of an earlier version up to date. */
int archive_upgrade(const char *path, struct error *reterr);
void archive_free(struct archive *s); /* accepts NULL; what waits is not written */

/* Takes the record: it waits to be written. 0, or -errno: it was not taken. */
int archive_add(struct archive *s, const struct exchange *x, struct error *reterr);
/* Everything that was taken is in the file, and safe there. On failure it goes on waiting. */
int archive_flush(struct archive *s, struct error *reterr);
/* To be called about once a second: writes, and removes what is too old or too much. */
int archive_tick(struct archive *s, struct error *reterr);

/* The record of row `id` of table exchange as JSON, as exchange_to_json wrote it; NULL with a
 * reason when it is not there or not whole. */
json_t *archive_read(struct archive *s, int64_t id, struct error *reterr);

#endif
