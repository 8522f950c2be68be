/* SPDX-License-Identifier: MIT */
/* HTTP/1.0 and 1.1, RFC 9112: both directions of one connection whose roles are known. */
#ifndef SPY_HTTP_H1_H
#define SPY_HTTP_H1_H

#include "base/limits.h"
#include "http/message.h"
#include "http/ws_setup.h"

struct h1;
struct h1 *h1_new(struct limits *lim, bool from_start, const struct http_out *out, void *arg);
void h1_free(struct h1 *h); /* accepts NULL */

void h1_feed(struct h1 *h, enum http_msg m, uint64_t ts_ns, struct span s);
void h1_gap(struct h1 *h, enum http_msg m, uint64_t ts_ns, uint64_t nbytes);
void h1_close(struct h1 *h, uint64_t ts_ns, bool ended);

/* The connection was joined in the middle of a WebSocket, which gets an id of its own; the first
 * bytes fed from the client begin a frame. */
void h1_join_ws(struct h1 *h, const struct ws_setup *setup, uint64_t ts_ns);

/* The framing broke: h1_feed counts the bytes from here on. */
bool h1_protocol_error(const struct h1 *h);
uint64_t h1_unread_bytes(const struct h1 *h);

#endif
