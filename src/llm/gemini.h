/* SPDX-License-Identifier: MIT */
/* What Gemini's dialects share. */
#ifndef SPY_LLM_GEMINI_H
#define SPY_LLM_GEMINI_H

#include "exchange/builder.h"

void gemini_usage(struct exchange *x, const json_t *usage_metadata);
void gemini_answer_part(struct exchange *x, unsigned index, const json_t *part);

#endif
