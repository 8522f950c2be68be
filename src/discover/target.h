/* SPDX-License-Identifier: MIT */
/* Files that hold something to hook. One target is one file, however many names and users it has.
 */
#ifndef SPY_DISCOVER_TARGET_H
#define SPY_DISCOVER_TARGET_H

#include "find/catalog.h"
#include "discover/class_votes.h"
#include "probe/links.h"

struct target {
	char *name; /* the path as a person would name it */
	struct file_id id;
	uint8_t check[SHA256_DIGEST_SIZE]; /* as in struct catalog_entry */
	bool overlay;			   /* on an overlay file system */
	bool named;			   /* by the user */
	bool mapped;			   /* by a process */
	bool tls;			   /* false: only tells of libraries being mapped */
	bool guess;			   /* of struct plan: it is given up when it yields noise */
	bool noisy; /* it was, until another user comes; the problem says so */
	bool used;  /* a process that maps it said something */
	struct class_votes tally;
	struct attachment links;
	uint64_t hooked_ns; /* since when its TLS is; 0: it is not */
	uint64_t again_ns;  /* when what is unfinished is tried, CLOCK_MONOTONIC; 0: not */
	unsigned tries;
	int file;     /* itself (O_PATH), while it is hooked; -1 */
	bool deleted; /* it has no name any more */
	bool kept;    /* while deleted ones are let go: it is not */
	/* While it was hooked it was written to, or deleted and left by all: it is detached. */
	bool changed;
	char *found; /* which implementations, and how they were found; NULL: none */
};

struct target_list {
	struct target *items;
	size_t count;
};

void target_list_done(struct target_list *l);
/* The target of this file, or NULL. A file below several overlays is one to the kernel, whose
 * probes are per file, though stat(2) gives each its own device. */
struct target *target_find(struct target_list *l, const struct file_id *id, bool overlay);
/* Another target that is the same file, but as it was before it was written to. */
struct target *target_find_older(struct target_list *l, const struct file_id *id);
struct target *target_add(struct target_list *l, const struct catalog_entry *of, const char *name);
/* Targets with TLS that are hooked. */
size_t target_count_hooked(const struct target_list *l);

#endif
