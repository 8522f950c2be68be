/* SPDX-License-Identifier: MIT */
/* Streams whose events repeat what came before: each holds the whole answer so far. */
#ifndef SPY_LLM_DIALECTS_SO_FAR_H
#define SPY_LLM_DIALECTS_SO_FAR_H

#include <jansson.h>
#include <stdbool.h>

#include "base/span.h"

enum so_far_kind {
	SO_FAR_UNKNOWN, /* judged by what comes: until a text does not begin with the last one */
	SO_FAR_WHOLE,
	SO_FAR_PIECES,
};

/* Zeroed at start. */
struct so_far {
	enum so_far_kind kind;
	json_t *last; /* the answer of the event before */
};

void so_far_done(struct so_far *s);

/* A text of an event, and the same of the one before. A first piece that begins the second one too
 * is taken for a repetition: nothing tells it apart. */
void so_far_judge(struct so_far *s, struct span last, struct span now);
/* What of `now`, an answer, is new: a value with the same members, texts without what the event
 * before had. A new reference. */
json_t *so_far_new(struct so_far *s, const json_t *now);

#endif
