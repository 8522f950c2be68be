/* SPDX-License-Identifier: MIT */
/* Shared by the dialects of OpenAI's family. */
#ifndef SPY_LLM_DIALECTS_OPENAI_H
#define SPY_LLM_DIALECTS_OPENAI_H

#include "exchange/builder.h"

/* A usage object of Chat Completions and of all APIs that count the same way; the last one
 * counts. */
void openai_usage(struct exchange *x, const json_t *v);
/* What both sides' tokens were, under any name that OpenAI's APIs have for that. */
void openai_usage_details(struct usage *u, const json_t *v);

enum finish openai_finish(struct span raw);

#endif
