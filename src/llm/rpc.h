/* SPDX-License-Identifier: MIT */
/* What the dialects of JSON-RPC 2.0 share: MCP, ACP, A2A. */
#ifndef SPY_LLM_RPC_H
#define SPY_LLM_RPC_H

#include <jansson.h>

#include "exchange/builder.h"

/* The members of a message, for request_rest and answer_rest. */
extern const char *const rpc_envelope[];

/* Method and id, and what else stands beside the params. */
void rpc_request_envelope(struct exchange *x, const json_t *v);

/* The error of an answer: what it says beside code and message is a part. */
void rpc_error(struct exchange *x, const json_t *error);

/* The state of a task in one spelling: "TASK_STATE_INPUT_REQUIRED" and "input-required" are
 * "input_required". Whether the task failed follows from it. */
void rpc_state(struct exchange *x, struct span state);

#endif
