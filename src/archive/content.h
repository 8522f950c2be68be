/* SPDX-License-Identifier: MIT */
/* Contents by their digest: the same bytes are stored once, compressed where zstd is built in. */
#ifndef SPY_ARCHIVE_CONTENT_H
#define SPY_ARCHIVE_CONTENT_H

#include "base/buf.h"
#include "archive/db.h"
#include "archive/split.h"

/* In the file: never give a number another meaning. */
enum content_coding { CODING_NONE = 0, CODING_ZSTD = 1 };

struct packed {
	struct span bytes;
	enum content_coding coding;
	void *room;
};

/* What is stored of `bytes`: they themselves, borrowed, or compressed where that is shorter. */
void content_pack(struct db *d, struct packed *ret, struct span bytes);
void packed_done(struct packed *p);
/* Appends the bytes again. -EBADMSG, -ENOTSUP or -EFBIG with a reason. */
int content_unpack(struct db *d, struct span stored, int64_t size, int64_t coding, struct buf *out,
		   struct error *reterr);

/* Stores it where it is new, and indexes a message. *ret_id: its row. */
int content_put(struct db *d, enum content_kind kind, struct span bytes, int64_t *ret_id,
		struct error *reterr);
int content_get(struct db *d, int64_t id, struct buf *out, struct error *reterr);
/* Removes it, if no exchange has it any more. */
int content_drop(struct db *d, int64_t id, struct error *reterr);
/* Indexes what an llm-spy of an earlier version stored without. */
int content_index_rest(struct db *d, struct error *reterr);

/* The largest content; a message's JSON is at most a few times as long as a body may be. */
#define CONTENT_MAX ((size_t)900 << 20)

#endif
