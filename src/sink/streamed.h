/* SPDX-License-Identifier: MIT */
/* The output of a stream as far as it has come, put together from its pieces. Of a long text the
 * end is kept. */
#ifndef SPY_SINK_STREAMED_H
#define SPY_SINK_STREAMED_H

#include "exchange/exchange.h"

/* Parts that are kept; later ones are counted only. */
#define STREAMED_PARTS_MAX 256
/* Bytes of one part. */
#define STREAMED_TEXT_MAX (64u << 10)

struct streamed_part {
	unsigned choice;
	size_t part;
	enum part_kind kind;
	char *name; /* of a tool; NULL: unknown, or none */
	struct buf text;
	bool dropped; /* bytes are missing at the beginning */
};

struct streamed {
	struct streamed_part *parts; /* in order of their beginning */
	size_t nparts;
	size_t last;	/* which one grew last */
	uint64_t bytes; /* of all text */
	uint32_t next_seq;
	bool gap; /* pieces were left out: only the end shows the whole */
};

void streamed_add(struct streamed *s, const struct exchange_delta *d);
void streamed_done(struct streamed *s); /* it is empty then */
/* Tokens so far, nearly: the answer has not told them yet. */
uint64_t streamed_tokens(const struct streamed *s);

#endif
