/* SPDX-License-Identifier: MIT */
/* A recorded answer, as it can be given once more over HTTP/1.1. Pure. */
#ifndef SPY_VIEW_REPLY_H
#define SPY_VIEW_REPLY_H

#include "exchange/exchange.h"

/* Why an exchange cannot be played back. */
enum reply_lack {
	REPLY_FINE,
	REPLY_NO_HTTP, /* pipes */
	REPLY_WEBSOCKET,
	REPLY_TRAILERS,	  /* gRPC, which HTTP/1.1 cannot carry */
	REPLY_NO_REQUEST, /* it was not seen, or its body is not whole */
	REPLY_NO_ANSWER,
	REPLY_NO_BODY, /* the answer's was not kept */
	REPLY_LACKS,   /* how many there are */
};
enum reply_lack reply_lack(const struct exchange *x);
/* For people: "over WebSocket, which is not served". */
const char *reply_lack_text(enum reply_lack why);

/* The body ends before the answer did. */
bool reply_is_cut(const struct exchange *x);
/* Its length as it is told to the client; COUNT_UNKNOWN: it is sent in chunks. More than there is
 * where it was cut. */
int64_t reply_length(const struct exchange *x);
/* Whether the field goes out again (unserved.def). */
bool reply_has_field(const struct header *h);

/* A body in the pieces in which it came. */
struct reply_cursor {
	size_t at;   /* bytes before */
	size_t mark; /* of body.arrival */
	uint64_t lines;
};
/* Bytes of the next piece, 0 at the end; and when it came, CLOCK_MONOTONIC as recorded, 0: it is
 * not known. */
size_t reply_next(const struct exchange *x, struct reply_cursor *c, uint64_t *ret_ns);

/* An error in the shape of the wire format `api` (NULL: unknown). */
void reply_refusal(const char *api, const char *message, struct buf *out);

#endif
