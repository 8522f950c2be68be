/* SPDX-License-Identifier: MIT */
/* WebSockets inside of HTTP/2 streams, RFC 8441: stands between h2 and the receiver of its
 * messages, and turns the bodies of a stream that an extended CONNECT opened into the messages of a
 * WebSocket. */
#ifndef SPY_HTTP_H2_WEBSOCKET_H
#define SPY_HTTP_H2_WEBSOCKET_H

#include "base/limits.h"
#include "http/message.h"

struct tunnels;
struct tunnels *tunnels_new(struct limits *lim, const struct http_out *out, void *arg);
void tunnels_free(struct tunnels *t);	  /* accepts NULL */
extern const struct http_out tunnels_out; /* give it a struct tunnels * as arg */

bool tunnels_protocol_error(const struct tunnels *t);
uint64_t tunnels_unread_bytes(const struct tunnels *t);

#endif
