/* SPDX-License-Identifier: MIT */
/* Looks files up: what is to be hooked in them. Each is searched once, as long as it stays what it
 * was; what was found is kept on disk for the next run. Used by one thread at a time. */
#ifndef SPY_DISCOVER_SCAN_CACHE_H
#define SPY_DISCOVER_SCAN_CACHE_H

#include "find/catalog.h"

struct scan_cache;

/* max: files remembered. Starts the searching process: see scanner_start for when. */
struct scan_cache *scan_cache_open(size_t max);
/* Stores what is known, and ends the process. Accepts NULL. */
void scan_cache_close(struct scan_cache *f);

/* What a path leads to, by stat(2): -errno, or -EINVAL when it is no regular file. */
int scan_cache_identify(const char *path, struct file_id *ret);
/* What is known of a file; NULL: it has to be searched. Valid until the next call. */
const struct catalog_entry *scan_cache_find(struct scan_cache *f, const struct file_id *id);
/* What is done every few ms while a search takes long; it may call scan_cache_find and
 * scan_cache_known, and no other. NULL: nothing. */
void scan_cache_meanwhile(struct scan_cache *f, void (*fn)(void *arg), void *arg);
/* What is to be hooked in a file. *ret is valid until the next call; its plan is empty for what is
 * no program or library. *ret_fd, which the caller closes, is that very file, since its path may
 * lead elsewhere a moment later; -1 where the plan is empty. 0, or -errno: it cannot be opened, and
 * *ret is left alone; -EIO: the finders came to no end; -EAGAIN: they were killed, and may come to
 * it another time. */
int scan_cache_scan(struct scan_cache *f, const char *path, const struct catalog_entry **ret,
		    int *ret_fd);
/* The same without a search. -EAGAIN: it takes one. */
int scan_cache_known(struct scan_cache *f, const char *path, const struct catalog_entry **ret,
		     int *ret_fd);

/* What earlier runs found, in whatever files. */
void scan_cache_each_plan(struct scan_cache *f, void (*fn)(void *arg, const struct plan *plan),
			  void *arg);

struct scan_cache_stats {
	uint64_t searched; /* files given to the finders */
	uint64_t failed;   /* of which the finders came to no end */
	uint64_t killed;   /* searches that somebody killed, and were not made then */
	bool ended;	   /* none is searched any more */
	uint64_t dropped;  /* forgotten for want of room */
	uint64_t search_ns, search_bytes;
};
struct scan_cache_stats scan_cache_stats(const struct scan_cache *f);

#endif
