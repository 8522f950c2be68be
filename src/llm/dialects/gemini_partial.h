/* SPDX-License-Identifier: MIT */
/* Arguments of a function call that come in pieces: each sets the value at a path, or adds to the
 * text there: ai.google.dev/gemini-api/docs/function-calling (partialArgs, read November 2026). */
#ifndef SPY_LLM_DIALECTS_GEMINI_PARTIAL_H
#define SPY_LLM_DIALECTS_GEMINI_PARTIAL_H

#include "exchange/builder.h"

/* Zeroed: no call is under way. */
struct gemini_partial {
	json_t *args; /* so far; NULL: none */
	unsigned choice;
	size_t part, fed, written; /* number of the part; bytes that came, and that it shows */
};

void gemini_partial_done(struct gemini_partial *s);
/* No piece follows of a call that is under way, so that the answer is partial. */
void gemini_partial_end(struct gemini_partial *s, struct exchange *x);
/* A call that was announced with its name, as that part of the choice; its first pieces may be
 * there already. */
void gemini_partial_begin(struct gemini_partial *s, struct exchange *x, unsigned choice,
			  size_t part, const json_t *call);
/* One piece or the end of the call; false when none is under way. */
bool gemini_partial_feed(struct gemini_partial *s, struct exchange *x, const json_t *call);

#endif
