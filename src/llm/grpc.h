/* SPDX-License-Identifier: MIT */
/* Calls over gRPC whose messages are understood: each becomes the JSON that it is over HTTP.
 * github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md (read November 2026). */
#ifndef SPY_LLM_GRPC_H
#define SPY_LLM_GRPC_H

#include <jansson.h>

#include "exchange/exchange.h"
#include "http/message.h"

bool grpc_is(const struct body *b);

/* The next message of a body; false: no whole one follows. */
bool grpc_next(struct span *rest, struct span *ret_message, bool *ret_coded);

/* Whether answers to that method are streams of messages. */
bool grpc_streams(const struct exchange *x);

/* A message, which is coded as its header says or not; an empty object where only the service is
 * known. NULL: nor is that, or the message is not readable. Owned by the caller. */
json_t *grpc_read(const struct exchange *x, enum http_msg m, struct span message, bool coded,
		  struct limits *lim, bool *ret_partial);
/* A body that is one message. */
json_t *grpc_read_body(const struct exchange *x, enum http_msg m, struct limits *lim,
		       bool *ret_partial);

/* The failure that its status tells of, as an error in JSON; NULL: there is none. */
json_t *grpc_error(const struct exchange *x);

#endif
