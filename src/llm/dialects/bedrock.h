/* SPDX-License-Identifier: MIT */
/* Shared by the two APIs of Amazon Bedrock: Converse (bedrock_converse.c), one format for all
 * models, and InvokeModel (bedrock_invoke.c), with bodies in the format of the model's maker. */
#ifndef SPY_LLM_DIALECTS_BEDROCK_H
#define SPY_LLM_DIALECTS_BEDROCK_H

#include "exchange/builder.h"

/* An exception sent as an event: `name` is "!" and its type. False if it is none. */
bool bedrock_exception(struct exchange *x, struct span name, const json_t *data);
/* A body that is an error; its type is in a header field. False if it is none. */
bool bedrock_error(struct exchange *x, const json_t *body);

/* The `usage` of Converse, and of Nova models through InvokeModel. */
void bedrock_usage(struct exchange *x, const json_t *usage);
/* Counts of any maker's model: members inputTokenCount, outputTokenCount, cacheReadInputTokenCount
 * and cacheWriteInputTokenCount. All go to usage.raw; usage takes those that the maker's own format
 * did not state. */
void bedrock_counts(struct exchange *x, const json_t *counts);
/* The same counts, from the answer's header fields. */
void bedrock_header_counts(struct exchange *x);

/* Sets from the path whether a stream was requested, because bodies do not state it. */
void bedrock_stream_asked(struct exchange *x);

/* The JSON inside base64, NULL when there is none. *ret_whole: nothing of it was lost or
 * left out. At most `max` bytes are decoded. lim as for json_read. */
json_t *bedrock_unpack(struct limits *lim, const json_t *base64, size_t max, bool *ret_whole);

/* Appends what the base64 says. False: not all of it is base64, or fitted. */
bool bedrock_decode(struct span base64, struct buf *out);

/* A citation of a knowledge base: what was generated, and the references it rests on. */
void bedrock_citation(struct exchange *x, const json_t *v);

/* A Converse body, without the envelope of a request to count tokens. */
void bedrock_conversation(struct exchange *x, const json_t *body);

/* Bodies of makers whose models take one prompt: Titan, Llama, Mistral, Cohere, AI21, image models.
 * An answer may be whole or one event of a stream. */
void bedrock_prompt_request(struct exchange *x, const json_t *body);
void bedrock_prompt_answer(struct exchange *x, const json_t *body);

#endif
