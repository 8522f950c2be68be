/* SPDX-License-Identifier: MIT */
/* Shared by the dialects of Anthropic, of which a message is a list of blocks. */
#ifndef SPY_LLM_DIALECTS_ANTHROPIC_H
#define SPY_LLM_DIALECTS_ANTHROPIC_H

#include "exchange/builder.h"

/* ---- anthropic_request.c: requests, and what blocks of both sides have in common ---- */

void anthropic_request(struct exchange *x, const json_t *body);

bool block_is(struct span type, const char *name);
bool block_is_call(struct span type);
bool block_is_result(struct span type);
enum part_kind block_kind(const json_t *v);
struct span block_text(const json_t *v); /* of a text or a summary */
/* The part's type_raw, where its kind does not say it all. */
void block_set_type(struct part *p, const json_t *v);
/* Data, a URL or a file. */
void block_read_source(struct part *p, const json_t *source);
void block_read_call(struct part *p, const json_t *v);
/* Into the message's last part. */
void block_read_result(struct exchange *x, struct message *m, const json_t *v);
/* Adds the part of a picture or a document; false: it is none. */
bool block_read_binary(struct exchange *x, struct message *m, const json_t *v);
/* The same in a result: with what is not known of it. */
bool block_add_binary(struct exchange *x, struct message *m, const json_t *v);
/* A text or a list of blocks. */
void block_content(struct exchange *x, struct message *m, const json_t *content);
/* The members of a block that are read, or that say how it is to be kept. */
const char *const *block_known(const json_t *v);

/* ---- anthropic.c: answers ---- */

/* Blocks of an answer are numbered below this. */
#define ANTHROPIC_NUMBERS 8192

void anthropic_usage(struct exchange *x, const json_t *v);
/* Why the model stopped. */
void anthropic_stop(struct exchange *x, const json_t *v);
void anthropic_citation(struct exchange *x, const json_t *v);
/* A block of a whole answer, or the announcement of a block in a stream. */
void anthropic_block(struct exchange *x, int slot, const json_t *v, bool announced);
/* A message as a whole, or as a stream begins it. */
void anthropic_message(struct exchange *x, const json_t *message);

/* ---- anthropic_stream.c ---- */

/* Which blocks are open, and how far the message is. */
#define ANTHROPIC_STATE_SIZE 1024

void anthropic_event(struct exchange *x, void *state, struct span name, const json_t *data);
void anthropic_ended(struct exchange *x, void *state);

#endif
