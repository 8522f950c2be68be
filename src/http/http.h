/* SPDX-License-Identifier: MIT */
/* The bytes of one connection to HTTP messages: finds out which direction asks, which protocol is
 * spoken, and undoes framing and transfer coding. Content coding (gzip ...) is left to
 * http/coding.h. May have to begin in the middle of a connection. Pure.
 *
 * Sources: RFC 9110, RFC 9112 (HTTP/1.1), RFC 9113 (HTTP/2), RFC 7541 (its header fields),
 * RFC 8441 (its extended CONNECT), RFC 6455 (WebSocket). */
#ifndef SPY_HTTP_HTTP_H
#define SPY_HTTP_HTTP_H

#include "base/dir.h"
#include "base/limits.h"
#include "http/message.h"

/* What a connection turned out to speak. */
enum http_proto { HTTP_PROTO_UNKNOWN, HTTP_PROTO_H1, HTTP_PROTO_H2, HTTP_PROTO_OPAQUE };

struct http;
/* from_start: the first bytes fed are the first of the connection. */
struct http *http_new(struct limits *lim, bool from_start, const struct http_out *out, void *arg);
void http_free(struct http *h); /* accepts NULL */

/* Malformed input is not an error: the connection becomes opaque, and messages under way end with
 * HTTP_END_ERROR. */
void http_feed(struct http *h, enum dir d, uint64_t ts_ns, struct span s);
/* `nbytes` are missing in this direction. */
void http_gap(struct http *h, enum dir d, uint64_t ts_ns, uint64_t nbytes);
/* The connection is over; `ended` as in stream_out.close. Ends every message under way. */
void http_close(struct http *h, uint64_t ts_ns, bool ended);

enum http_proto http_proto(const struct http *h);
/* Bytes that became part of no message: another protocol, broken framing, or messages whose
 * beginning was not seen. */
uint64_t http_unread_bytes(const struct http *h);
/* True once framing broke on it. */
bool http_protocol_error(const struct http *h);

#endif
