/* SPDX-License-Identifier: MIT */
/* Sources on a record: the pages, documents and searches that an answer rests on. */
#ifndef SPY_EXCHANGE_CITATIONS_H
#define SPY_EXCHANGE_CITATIONS_H

#include "exchange/exchange.h"

/* Strings of one. */
#define CITATION_STRINGS(s) &(s)->url, &(s)->title, &(s)->text, &(s)->document

/* What a dialect read of one; empty spans and COUNT_UNKNOWN say nothing. */
struct citation_view {
	struct span url, title, text, document;
	int64_t start, end;
};

/* Adds one to a record under construction, unless it is there; one that names nothing is none. */
void answer_citation(struct exchange *x, const struct citation_view *v);
void answer_search(struct exchange *x, struct span query);

void citations_done(struct exchange *x);
/* `x` is a copy of another's bytes: makes the lists its own. */
void citations_copy(struct exchange *x);
/* In a light copy they are left out. */
void citations_leave(struct exchange *x);
size_t citations_memory(const struct exchange *x);

#endif
