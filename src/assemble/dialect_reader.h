/* SPDX-License-Identifier: MIT */
/* Finds the dialect of an exchange, and reads its bodies with it. The request is settled
 * (recognised, read, delivered) when its body has ended, at the latest when the exchange ends. A
 * streamed answer is read element by element as it comes, any other when it has ended. */
#ifndef SPY_ASSEMBLE_DIALECT_READER_H
#define SPY_ASSEMBLE_DIALECT_READER_H

#include "assemble/assembly.h"

/* Reads the request's body and delivers the request, once. */
void dialect_reader_settle(struct assembly *k);
void dialect_reader_set(struct assembly *k, const struct dialect *d);
/* The same with a request that is no HTTP body; the dialect is set. body may be NULL. */
void dialect_reader_request(struct assembly *k, const json_t *body);
/* A framing_fn for the answer's stream; `arg` is a struct assembly. */
void dialect_reader_element(void *arg, struct span name, struct span data, bool cut);
/* An element of the answer that is parsed already; the dialect is set. */
void dialect_reader_event(struct assembly *k, struct span name, const json_t *v);
/* The answer has ended: reads its body where it was no stream. */
void dialect_reader_answer(struct assembly *k);
/* What the client adds to its request while it is answered. */
void dialect_reader_more(struct assembly *k, const json_t *v);

#endif
