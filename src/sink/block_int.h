/* SPDX-License-Identifier: MIT */
/* Shared by the files that lay out a block. */
#ifndef SPY_SINK_BLOCK_INT_H
#define SPY_SINK_BLOCK_INT_H

#include "sink/block.h"
#include "sink/page.h"

struct layouter {
	struct page *p;
	const struct block_style *style;
	const struct block *block;
	const struct exchange *x;
	struct news news;
};

enum text_kind {
	TEXT_SYSTEM,
	TEXT_USER,
	TEXT_THINK,
	TEXT_SAY,
	TEXT_TOOL,
	TEXT_RESULT,
	TEXT_ERROR,
};
/* Rows of a text of that kind; 0: all. */
size_t block_rows(const struct layouter *l, enum text_kind kind);

void layouter_begin(struct layouter *l, struct page *p, const struct block_style *style,
		    const struct block *b);

/* block_head.c */
void block_head(struct layouter *l);
/* block_request.c: of a model call. */
void block_request(struct layouter *l);
/* block_changes.c */
void block_cache(struct layouter *l); /* what could no longer be read from it */
void block_system(struct layouter *l);
void block_edit(struct layouter *l); /* a message that is another one than before */
bool block_was_edited(const struct exchange *x);
/* block_parts.c */
void block_part(struct layouter *l, const struct part *p, const char *label, enum ink ink,
		enum text_kind kind);
void block_answer(struct layouter *l);
/* The one part of an answer that is told on the last line: embeddings. NULL: there is none. */
const struct part *block_numbers(const struct exchange *x);
void block_streamed(struct layouter *l, const struct streamed *s);
/* block_other.c: what is no model call. */
void block_other(struct layouter *l);
/* block_tail.c: result, times, tokens, cost; what is missing. */
void block_tail(struct layouter *l);

#endif
