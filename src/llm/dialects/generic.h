/* SPDX-License-Identifier: MIT */
/* What formats of model calls have in common, by the names that nearly all of them use. */
#ifndef SPY_LLM_DIALECTS_GENERIC_H
#define SPY_LLM_DIALECTS_GENERIC_H

#include "exchange/builder.h"

/* ---- requests: generic_request.c ---- */

/* Whether a body that goes to a provider carries a prompt, whatever the path. Names that others use
 * too, such as `text`, count only beside what steers a model. */
bool generic_carries_prompt(const json_t *body);
/* The same where the path says that it is a call. */
bool generic_suits(const json_t *body);

/* Model, system prompt, messages, prompts, tools and params, behind any wrappers. */
void generic_request(struct exchange *x, const json_t *body);

/* The first of these members that is there; `names` ends with NULL. */
const json_t *generic_first(const json_t *v, const char *const *names);
extern const char *const generic_models[]; /* names of the member that names a model */

/* A message of any format as one of Chat Completions, a new value: {"speaker": "human", "text": }
 * becomes {"role": "user", "content": }. */
json_t *generic_as_chat(const json_t *message);

/* ---- answers: generic_answer.c ---- */

void generic_answer(struct exchange *x, const json_t *body);
/* One event of a stream. */
void generic_piece(struct exchange *x, const json_t *data);
/* Counts, by any of their names. */
void generic_usage(struct exchange *x, const json_t *v);
/* Why an answer ended, in the words of any provider. */
void generic_finish(struct exchange *x, unsigned index, struct span raw);

#endif
