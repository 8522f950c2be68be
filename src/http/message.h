/* SPDX-License-Identifier: MIT */
/* What the protocols of http/ have in common: heads, and the callbacks that get the messages of one
 * connection. */
#ifndef SPY_HTTP_MESSAGE_H
#define SPY_HTTP_MESSAGE_H

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
	bool cut; /* fields are missing: past the limit `head`, or for a gap */
	/* HTTP/2 refers to fields of earlier messages, which were not seen. Of what is cut or
	 * unseen, method, target and status may be empty. */
	bool unseen;
	bool has_length;
	uint64_t length; /* content-length, when has_length */
};

enum http_end {
	HTTP_END_COMPLETE, /* framing says that this was all */
	HTTP_END_CLOSED,   /* ended with the connection, as its framing allows */
	HTTP_END_CUT,	   /* connection ended, or was lost, before the message did */
	HTTP_END_ERROR,	   /* framing broke; the rest of the connection is not understood */
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
 * broken compression took part of it. hole: `nbytes` of a WebSocket are missing, 0 when their
 * number cannot be told; within: all of one message, which comes cut, else whole messages may be
 * missing. closed: the WebSocket ended: close frames were seen both ways, or the connection ended.
 *
 * role: whether the traced program answers requests rather than making them. Called before all
 * others, and again where that was a guess and a head proves it wrong.
 *
 * trailer: fields behind the body of an answer. It has no status.
 *
 * message, hole, lost, closed, role and trailer may be NULL. */
struct http_out {
	void (*head)(void *arg, uint64_t id, uint64_t ts_ns, const struct http_head *h);
	void (*body)(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, struct span s);
	void (*gap)(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, uint64_t nbytes);
	void (*end)(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, enum http_end why);
	void (*message)(void *arg, uint64_t id, enum http_msg from, uint64_t ts_ns, struct span s,
			bool cut);
	void (*hole)(void *arg, uint64_t id, enum http_msg from, uint64_t ts_ns, uint64_t nbytes);
	void (*lost)(void *arg, uint64_t id, enum http_msg from);
	void (*closed)(void *arg, uint64_t id, uint64_t ts_ns);
	void (*role)(void *arg, bool is_server);
	void (*trailer)(void *arg, uint64_t id, uint64_t ts_ns, const struct http_head *h);
};

/* Value of the first field of that name (any case), or an empty span with ptr NULL. */
struct span http_field_find(const struct http_head *h, const char *name);

#endif
