/* SPDX-License-Identifier: MIT */
/* Exchanges from the JSON-RPC messages of a pair of pipes: a request and its result are one, and so
 * is a notification that belongs to no call. Either end may ask. Messages of neither MCP nor ACP
 * are passed over. */
#ifndef SPY_ASSEMBLE_RPC_CALLS_H
#define SPY_ASSEMBLE_RPC_CALLS_H

#include "assemble/assembly.h"
#include "base/dir.h"

struct rpc_calls;
struct rpc_calls *rpc_calls_new(struct assembler_conn *cc);
/* Calls under way end without an answer. Accepts NULL. */
void rpc_calls_free(struct rpc_calls *r);
/* One message, as http/rpc.h gives it out. */
void rpc_calls_message(void *rpc_calls, enum dir d, uint64_t ts_ns, struct span text, bool cut);
/* The call is over, in whatever way. */
void rpc_calls_forget(struct rpc_calls *r, const struct assembly *k);

#endif
