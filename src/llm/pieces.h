/* SPDX-License-Identifier: MIT */
/* What shows that a stream is not all that was sent: its events have no numbers. */
#ifndef SPY_LLM_PIECES_H
#define SPY_LLM_PIECES_H

#include "exchange/builder.h"

/* An event that does not fit: the answer is partial. */
void pieces_expect(struct exchange *x, bool fits);
/* The same of an answer that does not say how it ended. At the end. */
void pieces_expect_finish(struct exchange *x);
/* The same of calls whose arguments are no JSON, unless the model had to stop early. At the end. */
void pieces_expect_calls(struct exchange *x);

/* Blocks are numbered in their order: *next is the number of the one that is to begin next. A
 * server may give a number again. */
void pieces_next(struct exchange *x, int *next, int number);

/* A set of small numbers, such as those of open blocks; larger ones share. */
#define PIECES_SET 4096
struct pieces_set {
	uint8_t bits[PIECES_SET / 8];
};
bool pieces_in(const struct pieces_set *s, int number);
void pieces_put(struct pieces_set *s, int number, bool in);

#endif
