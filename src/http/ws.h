/* SPDX-License-Identifier: MIT */
/* WebSocket: both directions of a connection after its 101, or of an HTTP/2 stream after its
 * extended CONNECT, to whole messages: frames unmasked, fragments joined, permessage-deflate
 * undone. Pure. Sources: RFC 6455, RFC 7692, RFC 8441. */
#ifndef SPY_HTTP_WS_H
#define SPY_HTTP_WS_H

#include "base/limits.h"
#include "http/message.h"

/* What the opening handshake agreed on. Window sizes are not kept: the largest window inflates
 * what any smaller one deflated. */
struct ws_setup {
	bool deflate;	     /* permessage-deflate */
	bool no_takeover[2]; /* by enum http_msg, who deflates: each message begins anew */
	bool unknown;	     /* an extension that is not known here: it may give meaning to what
			      * would be garbage otherwise */
};

/* Whether this answer opens a WebSocket: 101 and "Upgrade: websocket", or over HTTP/2 any 2xx,
 * where the caller knows that it answers a CONNECT with ":protocol websocket". Only then is `ret`
 * filled, from Sec-WebSocket-Extensions. */
bool ws_setup_read(const struct http_head *response, struct ws_setup *ret);
/* Whether the field Upgrade names websocket, of a request or an answer. */
bool ws_is_named(const struct http_head *h);

/* For a connection joined in the middle: whether `s`, which a client wrote, is nothing but whole
 * masked text frames, each of them one JSON object by its looks. Then fills `ret` with what has to
 * be assumed where the handshake was not seen. */
bool ws_is_joined(struct span s, struct ws_setup *ret);

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
