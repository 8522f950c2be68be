/* SPDX-License-Identifier: MIT */
/* The tool calls of answers whose results were not seen yet, to find what serves them: a sub-agent
 * that begins with a text which the call hands over, or a call to an MCP server with the same
 * arguments. Only equal texts and arguments count, and only while one call alone fits: of the same
 * process, or of the nearest one that it descends from; else of the same user, unless the two
 * processes are known to have no ancestor in common but init. Pure. */
#ifndef SPY_CONVERSATION_TOOL_CALLS_H
#define SPY_CONVERSATION_TOOL_CALLS_H

#include "exchange/exchange.h"

struct tool_calls;
struct tool_calls *tool_calls_new(void);
void tool_calls_free(struct tool_calls *t); /* accepts NULL */

/* An answer has ended: its tool calls are in flight. */
void tool_calls_answer(struct tool_calls *t, const struct exchange *x);
/* A request brings results: those calls are over. */
void tool_calls_request(struct tool_calls *t, const struct exchange *x);

/* The first request of a conversation: fills parent_call and parent_conversation of x->agent. */
void tool_calls_begin(const struct tool_calls *t, struct exchange *x);
/* A request to an MCP server: likewise. */
void tool_calls_serve(struct tool_calls *t, struct exchange *x);

#endif
