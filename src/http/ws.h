/* SPDX-License-Identifier: MIT */
/* WebSocket: both directions of a connection after its 101, or of an HTTP/2 stream after its
 * extended CONNECT, to whole messages: frames unmasked, fragments joined, permessage-deflate
 * undone. Pure. Sources: RFC 6455, RFC 7692, RFC 8441. */
#ifndef SPY_HTTP_WS_H
#define SPY_HTTP_WS_H

#include "base/limits.h"
#include "http/message.h"
#include "http/ws_setup.h"

struct ws;
/* `id` is the exchange whose answer opened it. Of `out`, message and closed are called; the
 * latter once. */
struct ws *ws_new(struct limits *lim, const struct ws_setup *setup, const struct http_out *out,
		  void *arg, uint64_t id);
void ws_free(struct ws *w); /* accepts NULL */

/* Malformed input is not an error: its direction stops, and the bytes are counted. */
void ws_feed(struct ws *w, enum http_msg from, uint64_t ts_ns, struct span s);
/* `nbytes` are missing in this direction; 0 when their number cannot be told. */
void ws_gap(struct ws *w, enum http_msg from, uint64_t ts_ns, uint64_t nbytes);
/* The connection is over: messages under way are given out as cut. */
void ws_close(struct ws *w, uint64_t ts_ns);

/* True once a direction stopped because its framing was broken. */
bool ws_protocol_error(const struct ws *w);
/* Bytes that became part of no message, frame headers and control frames aside. */
uint64_t ws_unread_bytes(const struct ws *w);

#endif
