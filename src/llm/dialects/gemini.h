/* SPDX-License-Identifier: MIT */
/* Shared by Gemini's dialects. */
#ifndef SPY_LLM_DIALECTS_GEMINI_H
#define SPY_LLM_DIALECTS_GEMINI_H

#include "exchange/builder.h"

/* Tokens by kind of content; `count`: name of the member with the number. */
void gemini_modalities(const json_t *list, const char *count, int64_t *audio, int64_t *image);
void gemini_usage(struct exchange *x, const json_t *v); /* usageMetadata */
/* One part of an answer. partial: of the stream that it comes in; NULL: it comes whole. */
struct gemini_partial;
void gemini_answer_part(struct exchange *x, struct gemini_partial *partial, unsigned index,
			const json_t *v);

/* ---- gemini_request.c ---- */

void gemini_request(struct exchange *x, const json_t *body);
/* A text, a part or a list of parts. */
void gemini_content(struct exchange *x, struct message *m, const json_t *content);
/* A part that is not text. */
void gemini_part(struct exchange *x, struct message *m, const json_t *v);
/* Members of a part that are read, or that say how it is to be kept. */
extern const char *const gemini_part_members[];
/* gemini-cli wraps what has the member `sign` in another, `name`. */
const json_t *gemini_unwrap(const json_t *body, const char *name, const char *sign);

#endif
