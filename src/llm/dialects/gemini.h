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

/* Sources of a candidate, or of what Live sends instead. */
void gemini_sources(struct exchange *x, unsigned choice, const json_t *v);

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

/* ---- gemini_interactions_request.c ---- */

void interactions_request(struct exchange *x, const json_t *body);
/* Of a picture, a sound, a document or a film; else PART_OTHER. */
enum part_kind interaction_media(const json_t *v);
/* Data or a URL. */
void interaction_source(struct part *p, const json_t *v);
/* All of a call but its arguments. */
void interaction_call(struct part *p, const json_t *v);
/* Into the message's last part. */
void interaction_result(struct exchange *x, struct message *m, const json_t *v);

#endif
