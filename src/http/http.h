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
#include "base/span.h"

enum http_msg { HTTP_REQUEST, HTTP_RESPONSE };
enum http_version { HTTP_1_0 = 10, HTTP_1_1 = 11, HTTP_2 = 20 };

struct http_field {
	struct span name, value; /* value without surrounding blanks */
};

/* Borrowed throughout: valid until head() returns. */
struct http_head {
	enum http_msg msg;
	enum http_version version;
	struct span method, target; /* request: as on the wire, e.g. "/v1/messages?beta=true" */
	struct span authority;	    /* request: Host, or :authority; empty when absent */
	unsigned status;	    /* response */
	uint32_t stream;	    /* HTTP/2: its number on the connection; else 0 */
	/* HTTP/2: without pseudo-header fields, but for ":protocol" of an extended CONNECT; then
	 * what the stream carries from there on is given out as the bodies. */
	const struct http_field *fields;
	size_t nfields;
	bool cut; /* fields are missing: past the limit `head`, for a gap, or since HTTP/2 referred
		   * to fields that were not seen; then method, target and status may be empty */
	bool has_length;
	uint64_t length; /* content-length, when has_length */
};

enum http_end {
	HTTP_END_COMPLETE, /* framing says that this was all */
	HTTP_END_CLOSED,   /* ended with the connection, as its framing allows */
	HTTP_END_CUT,	   /* connection ended, or was lost, before the message did */
	HTTP_END_GARBAGE,  /* framing broke; the rest of the connection is not understood */
};

/* `id` tells exchanges of one connection apart, request and response share it. For each message:
 * head, then body and gap in order, then end. A message whose beginning was not seen has no
 * head: its first call is body or gap.
 * The response may begin, and end, before its request has ended. A response that never began is
 * ended too, with HTTP_END_CUT, where a stream of HTTP/2 was reset.
 * gap: `nbytes` of the body are missing here; 0 when their number cannot be told.
 *
 * message: one whole WebSocket data message (text or binary; fragments joined, unmasked, inflated).
 * `id` is that of the exchange whose answer opened the WebSocket and which has ended since; where
 * the connection was joined in the middle, one that had no head. `cut`: the limit `event`, a gap or
 * broken compression took part of it. closed: the WebSocket ended: close frames were seen both
 * ways, or the connection ended. Either may be NULL. */
struct http_out {
	void (*head)(void *arg, uint64_t id, uint64_t ts_ns, const struct http_head *h);
	void (*body)(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, struct span s);
	void (*gap)(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, uint64_t nbytes);
	void (*end)(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, enum http_end why);
	void (*message)(void *arg, uint64_t id, enum http_msg from, uint64_t ts_ns, struct span s,
			bool cut);
	void (*closed)(void *arg, uint64_t id, uint64_t ts_ns);
};

/* What a connection turned out to speak. */
enum http_proto { HTTP_PROTO_UNKNOWN, HTTP_PROTO_H1, HTTP_PROTO_H2, HTTP_PROTO_OPAQUE };

struct http;
/* from_start: the first bytes fed are the first of the connection. */
struct http *http_new(struct limits *lim, bool from_start, const struct http_out *out, void *arg);
void http_free(struct http *h); /* accepts NULL */

/* Malformed input is not an error: the connection becomes opaque, and messages under way end with
 * HTTP_END_GARBAGE. */
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
bool http_garbled(const struct http *h);
/* True when the traced program answers requests rather than making them. Meaningful once
 * http_proto is known. */
bool http_is_server(const struct http *h);

/* Value of the first field of that name (any case), or an empty span with ptr NULL. */
struct span http_field_find(const struct http_head *h, const char *name);

#endif
