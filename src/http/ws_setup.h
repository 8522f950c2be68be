/* SPDX-License-Identifier: MIT */
/* The opening handshake of a WebSocket, RFC 6455 sections 4 and 9, RFC 7692, RFC 8441. */
#ifndef SPY_HTTP_WS_SETUP_H
#define SPY_HTTP_WS_SETUP_H

#include "http/message.h"

/* What the opening handshake agreed on. Window sizes are not kept: the largest window inflates
 * what any smaller one deflated. */
struct ws_setup {
	bool deflate;	     /* permessage-deflate */
	bool no_takeover[2]; /* by enum http_msg, who deflates: each message begins anew */
	bool unknown;	     /* an extension that is not known here: it may give meaning to what
			      * would be malformed otherwise */
};

/* Whether this answer opens a WebSocket: 101 and "Upgrade: websocket", or over HTTP/2 any 2xx,
 * where the caller knows that it answers a CONNECT with ":protocol websocket". Only then is `ret`
 * filled, from Sec-WebSocket-Extensions. */
bool ws_setup_read(const struct http_head *response, struct ws_setup *ret);
/* Whether the field Upgrade names websocket, of a request or an answer. */
bool ws_is_named(const struct http_head *h);

#endif
