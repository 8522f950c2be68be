/* SPDX-License-Identifier: MIT */
/* Answers of calls that only count the tokens of a request. */
#ifndef SPY_LLM_COUNT_H
#define SPY_LLM_COUNT_H

#include <jansson.h>

#include "exchange/exchange.h"

/* The count is the member of that name, or how many tokens are listed; without either, the answer
 * is an error. */
void answer_count(struct exchange *x, const json_t *body, const char *member);

#endif
