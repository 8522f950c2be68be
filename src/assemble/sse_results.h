/* SPDX-License-Identifier: MIT */
/* MCP over HTTP with SSE (modelcontextprotocol.io/specification/2024-11-05/basic/transports): a
 * call is POSTed and answered 202, and its result is an event on the stream of another connection,
 * whose first event "endpoint" says where to POST. Joined by process, that place and the call's id.
 */
#ifndef SPY_ASSEMBLE_SSE_RESULTS_H
#define SPY_ASSEMBLE_SSE_RESULTS_H

#include "assemble/assembly.h"

/* The request of an exchange was read as MCP's. */
void sse_results_asked(struct assembly *k, const json_t *request);
/* An event of a stream. True: it was about another exchange, which has been told. */
bool sse_results_event(struct assembly *k, struct span name, struct span data, const json_t *v);
/* Whether the result of an exchange that has ended is still to come on a stream. */
bool sse_results_awaits(const struct assembly *k);
void sse_results_forget(struct assembly *k);

#endif
