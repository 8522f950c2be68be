/* SPDX-License-Identifier: MIT */
/* Shared by the dialect of Anthropic Messages, of which a message is a list of blocks. */
#ifndef SPY_LLM_DIALECTS_ANTHROPIC_H
#define SPY_LLM_DIALECTS_ANTHROPIC_H

#include "exchange/builder.h"

void anthropic_request(struct exchange *x, const json_t *body);

bool block_is(struct span type, const char *name);
bool block_is_call(struct span type);
bool block_is_result(struct span type);
void block_read_call(struct part *p, const json_t *v);
/* Adds the part of a picture or a document; false: it is none. */
bool block_read_binary(struct exchange *x, struct message *m, const json_t *v);
/* The members of a block that are read, or that say how it is to be kept. */
extern const char *const block_members[];

#endif
