/* SPDX-License-Identifier: MIT */
/* What an exchange is: by path and body first, by host second, else by the answer. */
#ifndef SPY_LLM_DETECT_H
#define SPY_LLM_DETECT_H

#include "http/http.h"
#include "llm/dialect.h"

/* What a request speaks; NULL where it does not say so. `ret_candidate`: what its path suggests,
 * for the answer to prove, or NULL. body may be NULL. */
const struct dialect *detect_request(const struct exchange *x, const json_t *body,
				     const struct dialect **ret_candidate);
/* What an answer, or an element of one, speaks. */
const struct dialect *detect_answer(const struct exchange *x, const struct dialect *candidate,
				    const json_t *body);

/* Marks the exchange as one of that dialect and names who answers. */
void detect_as(struct exchange *x, const struct dialect *d);
/* Fills in x->provider from the host, else from the dialect. */
void detect_provider(struct exchange *x);

/* gRPC and Connect, whose messages are not understood: marks the exchange; counts the messages of
 * both bodies once these have ended. github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md;
 * connectrpc.com/docs/protocol. */
bool detect_rpc(struct exchange *x);
void detect_rpc_messages(struct exchange *x, enum http_msg m);

/* A body as JSON: as it is, or the fields of a form. NULL when it is neither. Owned by the caller.
 * *ret_partial: only a part could be read. *ret_rest, where it is not NULL: what follows the first
 * of several values, as in JSON lines; else there is only a part of what more there is. */
json_t *detect_body(const struct body *b, struct limits *lim, struct span *ret_rest,
		    bool *ret_partial);
/* Whether it looks like JSON, whatever its media type. */
bool detect_json(const struct body *b);
bool detect_json_text(struct span s);
/* Without a byte-order mark and blanks at its front. */
struct span detect_trim(struct span s);
/* Whether clients take it as the text that it is, if it is no JSON. */
bool detect_text(const struct body *b);
/* Whether a body that was no JSON should have been. */
bool detect_unreadable(const struct dialect *d, const struct body *b);

#endif
