/* SPDX-License-Identifier: MIT */
/* Model calls over WebSocket: several on one connection, one after another, or at once where the
 * dialect tells them apart. What each message means is told by the dialect's `turn`. A request is
 * read as a JSON array: what holds for the whole session, then the messages since the last answer.
 */
#ifndef SPY_ASSEMBLE_WEBSOCKET_TURNS_H
#define SPY_ASSEMBLE_WEBSOCKET_TURNS_H

#include "assemble/assembly.h"

/* `opener` is the exchange that opened the WebSocket; it lives until the latter ends, and its
 * bodies are the messages that belong to no call. */
struct ws_turns *ws_turns_new(struct assembly *opener);
/* Ends the calls under way. Accepts NULL. */
void ws_turns_free(struct ws_turns *s);

void ws_turns_message(struct ws_turns *s, enum http_msg from, uint64_t ts_ns, struct span text,
		      bool cut);

/* Some of what came could not be read, or did not come. What it was part of is not known, so each
 * that it may be is not complete. */
void ws_turns_unread(struct ws_turns *s, enum http_msg from);

/* A call has ended by itself. */
void ws_turns_forget(struct ws_turns *s, const struct assembly *turn);

#endif
