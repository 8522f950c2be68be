/* SPDX-License-Identifier: MIT */
/* Redaction, as one stage: what any observer sees of an exchange went through here before. Pieces
 * of a streamed answer are masked as they are appended (builder.h), all else is masked here; each
 * text once, as it is told which are. So a call costs what came since the last one. */
#ifndef SPY_EXCHANGE_REDACT_H
#define SPY_EXCHANGE_REDACT_H

#include "exchange/exchange.h"
#include "exchange/redact_policy.h"

/* Masks credentials (redact/redact_stream.h) in everything that the record says: request and
 * answer, bodies, header fields, command lines. Sizes and digests stay those of the wire. Call it
 * before the record is shown; it may grow and be shown again.
 * policy: what is hidden besides, of a record that is one output's own copy and grows no more;
 * NULL: nothing. */
void redact_exchange(struct exchange *x, const struct redact_policy *policy);
/* The same for what grows with an answer, and that alone: before a delta is shown. */
void redact_answer(struct exchange *x);

/* A part of an answer: what was appended to it since is masked, or held back where that is not
 * decided yet. Returns what is new and may be shown. */
struct span redact_part(struct part *p);
/* The part is over: what was held back. */
struct span redact_part_end(struct part *p);
/* Its text so far, with what is held back. */
void redact_part_whole(const struct part *p, struct buf *out);
/* Whether that is this text, nothing of which is masked. */
bool redact_part_is(const struct part *p, struct span text);
/* Whether `whole`, which may be longer, begins with it; both are masked likewise. */
bool redact_part_begins(const struct part *p, const struct part *whole);
/* Whether `text`, which it does not begin, still says the same, as far as masks let one tell: those
 * of a recording are where its pieces were, and those of a whole elsewhere. */
bool redact_part_agrees(const struct part *p, struct span text);
/* Its text begins anew. */
void redact_part_reset(struct part *p);

#endif
