/* SPDX-License-Identifier: MIT */
/* The header block under way in one direction of an HTTP/2 connection: HEADERS or PUSH_PROMISE and
 * their CONTINUATION frames, RFC 9113 section 4.3. */
#ifndef SPY_HTTP_H2_BLOCK_H
#define SPY_HTTP_H2_BLOCK_H

#include "http/h2frame.h"
#include "http/hpack.h"

struct h2_block {
	uint32_t stream;   /* 0: no block is under way */
	bool ends, pushed; /* END_STREAM; PUSH_PROMISE */
	unsigned continuations;
	uint64_t bytes;
	struct hpack *hpack;
};

/* Whether the frame may come now: nothing but its CONTINUATION frames comes between the frames of a
 * block (sections 6.2 and 6.10). */
bool h2_block_allows(const struct h2_block *b, const struct h2frame *f);
/* The payload of one of its frames follows. False where the block has too many frames. */
bool h2_block_frame(struct h2_block *b, const struct h2frame *f);
void h2_block_feed(struct h2_block *b, struct span fragment);
/* Bytes are missing in the block. */
void h2_block_gap(struct h2_block *b);
/* All of it is there. `ret` is valid until the next block begins. */
void h2_block_end(struct h2_block *b, struct hpack_head *ret);

#endif
