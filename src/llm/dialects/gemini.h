/* SPDX-License-Identifier: MIT */
/* Shared by Gemini's dialects. */
#ifndef SPY_LLM_DIALECTS_GEMINI_H
#define SPY_LLM_DIALECTS_GEMINI_H

#include "exchange/builder.h"

/* Tokens by kind of content; `count`: name of the member with the number. */
void gemini_modalities(const json_t *list, const char *count, int64_t *audio, int64_t *image);
void gemini_usage(struct exchange *x, const json_t *v); /* usageMetadata */
void gemini_answer_part(struct exchange *x, unsigned index, const json_t *v);

#endif
