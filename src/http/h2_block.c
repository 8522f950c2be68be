/* SPDX-License-Identifier: MIT */
#include "http/h2_block.h"

#define CONTINUATIONS_MAX 1024

bool h2_block_allows(const struct h2_block *b, const struct h2frame *f)
{
	if (f->type == H2FRAME_CONTINUATION)
		return b->stream && b->stream == f->stream;
	return !b->stream;
}

bool h2_block_frame(struct h2_block *b, const struct h2frame *f)
{
	if (f->type == H2FRAME_CONTINUATION)
		return ++b->continuations <= CONTINUATIONS_MAX;
	b->stream = f->stream;
	b->pushed = f->type == H2FRAME_PUSH_PROMISE;
	b->ends = !b->pushed && f->flags & H2FRAME_END_STREAM;
	b->bytes = 0;
	b->continuations = 0;
	hpack_begin(b->hpack);
	return true;
}

void h2_block_feed(struct h2_block *b, struct span fragment)
{
	b->bytes += fragment.len;
	hpack_feed(b->hpack, fragment);
}

void h2_block_gap(struct h2_block *b)
{
	hpack_gap(b->hpack);
}

void h2_block_end(struct h2_block *b, struct hpack_head *ret)
{
	hpack_end(b->hpack, ret);
	b->stream = 0;
}
