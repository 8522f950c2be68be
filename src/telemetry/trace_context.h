/* SPDX-License-Identifier: MIT */
/* The trace that a request says it belongs to: W3C Trace Context, header field traceparent. */
#ifndef SPY_TELEMETRY_TRACE_CONTEXT_H
#define SPY_TELEMETRY_TRACE_CONTEXT_H

#include "exchange/exchange.h"

#define TRACE_ID_SIZE 33
#define SPAN_ID_SIZE  17

/* Lower-case hex, NUL-terminated; "" where there is none. */
struct trace_context {
	char trace[TRACE_ID_SIZE];
	char span[SPAN_ID_SIZE];
};

/* Of a value of traceparent. False: it is none, and *ret is empty. */
bool trace_context_read(struct span text, struct trace_context *ret);

/* Of the request: its header field, else, of MCP, _meta.traceparent. */
bool trace_context_of(const struct exchange *x, struct trace_context *ret);

#endif
