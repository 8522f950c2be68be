/* SPDX-License-Identifier: MIT */
/* JSON-RPC over a pair of pipes: each message a line (modelcontextprotocol.io/specification,
 * basic/transports; agentclientprotocol.com, protocol/transports; read November 2026), or behind
 * header fields with its length (microsoft.github.io/language-server-protocol, base protocol). */
#ifndef SPY_HTTP_RPC_H
#define SPY_HTTP_RPC_H

#include "base/dir.h"
#include "base/limits.h"
#include "base/span.h"

/* What a pipe says that begins so. */
enum rpc_look {
	RPC_LOOK_NO,   /* no JSON-RPC, or that of an editor and a language server */
	RPC_LOOK_MORE, /* its first message is not whole yet */
	RPC_LOOK_YES,
};
/* A first message longer than this is judged by its beginning. */
#define RPC_LOOK_MAX (64u << 10)
/* *ret_asks, where the answer is yes: the message is a request. */
enum rpc_look rpc_look(struct span first, bool *ret_asks);

/* Cuts both directions into messages. `text` is borrowed and may be no JSON, since programs print
 * other lines too; cut: a limit or a gap took part of it. */
typedef void (*rpc_fn)(void *arg, enum dir d, uint64_t ts_ns, struct span text, bool cut);

struct rpc;
struct rpc *rpc_new(struct limits *lim, rpc_fn fn, void *arg);
void rpc_free(struct rpc *r); /* accepts NULL */
void rpc_feed(struct rpc *r, enum dir d, uint64_t ts_ns, struct span s);
void rpc_gap(struct rpc *r, enum dir d, uint64_t ts_ns);
/* A message without its closing mark is given out too. */
void rpc_close(struct rpc *r, uint64_t ts_ns);

#endif
