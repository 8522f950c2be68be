/* SPDX-License-Identifier: MIT */
/* Plans of scanned files, also of files with nothing to hook. Pure: discover/scan_cache.c reads and
 * writes the file on disk. */
#ifndef SPY_FIND_CATALOG_H
#define SPY_FIND_CATALOG_H

#include <nettle/sha2.h>

#include "find/plan.h"

/* A file at one point in time. Its owner can set mtime, but not ctime (stat(2)). */
struct file_id {
	uint64_t dev, ino, size, mtime_ns, ctime_ns;
};

bool file_id_eq(const struct file_id *a, const struct file_id *b);

struct catalog_entry {
	struct file_id id;
	/* Digest of the file's beginning and of the bytes at each site of the plan. */
	uint8_t check[SHA256_DIGEST_SIZE];
	/* Digest of samples of the whole file: two of one size that have the same are copies. */
	uint8_t likeness[SHA256_DIGEST_SIZE];
	struct plan plan;
	bool failed;   /* scanning failed; not stored */
	uint64_t used; /* sequence number of the last use */
	struct catalog_entry *next;
};

struct catalog;
struct catalog *catalog_new(size_t max); /* files */
void catalog_free(struct catalog *c);	 /* accepts NULL */
/* NULL if there is none. Valid until the next catalog_add or catalog_drop. */
struct catalog_entry *catalog_find(struct catalog *c, const struct file_id *id);
/* One of that size and likeness, under whatever identity; NULL if there is none. Valid as long. */
struct catalog_entry *catalog_find_copy(struct catalog *c, uint64_t size, const uint8_t *likeness);
/* Whether there may be one. */
bool catalog_has_size(const struct catalog *c, uint64_t size);
/* Takes ownership of the plan. The likeness is nothing's until the caller sets it. If the catalog
 * is full, drops the least recently used half. */
struct catalog_entry *catalog_add(struct catalog *c, const struct file_id *id, const uint8_t *check,
				  struct plan *plan);
void catalog_drop(struct catalog *c, const struct file_id *id);
/* Plans that are not empty. */
void catalog_each_plan(const struct catalog *c, void (*fn)(void *arg, const struct plan *plan),
		       void *arg);
bool catalog_changed(const struct catalog *c);	   /* since it was read */
uint64_t catalog_dropped(const struct catalog *c); /* because the catalog was full */

/* Encoded form: a stamp of CATALOG_STAMP_LEN that identifies the build, the entries, a digest.
 * Nothing is read if the stamp differs (-ESTALE) or any byte was changed (-EPROTO). */
#define CATALOG_STAMP_LEN SHA256_DIGEST_SIZE
#define CATALOG_BYTES_MAX (64u << 20)
int catalog_encode(const struct catalog *c, const uint8_t *stamp, struct buf *out);
int catalog_decode(struct catalog *c, const uint8_t *stamp, struct span in);

#endif
