/* SPDX-License-Identifier: MIT */
/* One call as one block of rows: a head line, what is new in the request, the answer, and a last
 * line with the result. Pure: it decides how a call looks, not when it is written. */
#ifndef SPY_SINK_BLOCK_H
#define SPY_SINK_BLOCK_H

#include <stdio.h>

#include "exchange/exchange.h"
#include "sink/history.h"
#include "sink/streamed.h"

struct block_style {
	unsigned width; /* columns; 0: lines are not wrapped, as in a file */
	bool color, utf8;
	bool full;	/* every text whole, and what earlier turns showed */
	unsigned lines; /* rows of each text at most; 0: as suits what it is */
};

/* What is shown. */
struct block {
	const struct exchange *x; /* ended, or a snapshot that has its contents */
	const struct history *history;
	/* Of a call under way: what came so far, and the time. NULL and 0: it has ended. */
	const struct streamed *streamed;
	uint64_t now_ns; /* CLOCK_MONOTONIC */
};

/* All rows; returns how many. Nothing is remembered: history_add() does that. */
size_t block_write(FILE *out, const struct block_style *s, const struct block *b);
/* At most so many rows, 2 or more: the head line, and the last ones. */
size_t block_write_last(FILE *out, const struct block_style *s, const struct block *b, size_t rows);
/* What a model is called in short: without the date at its end, as in -20250929 or -2025-09-29. */
struct span block_model(const struct exchange *x);
/* "── Fri 28 Nov 2025 ──" where the day of the call is another than *day, which is set. */
size_t block_write_day(FILE *out, const struct block_style *s, const struct exchange *x,
		       int64_t *day);

#endif
