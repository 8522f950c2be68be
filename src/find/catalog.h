/* SPDX-License-Identifier: MIT */
/* Files that were looked at, and what is to be hooked in each; those in which there is nothing are
 * remembered too. Pure: reading and writing the file it is kept in is done by
 * discover/scan_cache.c. */
#ifndef SPY_FIND_CATALOG_H
#define SPY_FIND_CATALOG_H

#include <nettle/sha2.h>

#include "find/plan.h"

/* A file as it was at one time: its owner can set the time of its content, but not that of its
 * change (stat(2)). */
struct file_id {
	uint64_t dev, ino, size, mtime_ns, ctime_ns;
};

bool file_id_eq(const struct file_id *a, const struct file_id *b);

struct catalog_entry {
	struct file_id id;
	/* Of the file's beginning and of the bytes at each place of the plan. */
	uint8_t check[SHA256_DIGEST_SIZE];
	struct plan plan;
	bool failed;   /* the finders came to no end; not stored */
	uint64_t used; /* the larger, the later */
	struct catalog_entry *next;
};

struct catalog;
struct catalog *catalog_new(size_t max); /* files */
void catalog_free(struct catalog *c);	 /* accepts NULL */
/* NULL when it is not there. Valid until the next catalog_add or catalog_drop. */
struct catalog_entry *catalog_find(struct catalog *c, const struct file_id *id);
/* Takes the plan over. Where there is no room, the half that was not used for longest is dropped.
 */
struct catalog_entry *catalog_add(struct catalog *c, const struct file_id *id, const uint8_t *check,
				  struct plan *plan);
void catalog_drop(struct catalog *c, const struct file_id *id);
bool catalog_changed(const struct catalog *c);	   /* since it was read */
uint64_t catalog_dropped(const struct catalog *c); /* for want of room */

/* The bytes of one catalog: CATALOG_STAMP_LEN that say which program made it, the entries, a
 * digest. Without the right stamp, or with any byte changed, nothing is read: -ESTALE, -EPROTO. */
#define CATALOG_STAMP_LEN SHA256_DIGEST_SIZE
#define CATALOG_BYTES_MAX (64u << 20)
int catalog_encode(const struct catalog *c, const uint8_t *stamp, struct buf *out);
int catalog_decode(struct catalog *c, const uint8_t *stamp, struct span in);

#endif
