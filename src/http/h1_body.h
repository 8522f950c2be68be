/* SPDX-License-Identifier: MIT */
/* The body of an HTTP/1 message without its framing, RFC 9112 sections 6 and 7: counted, chunked,
 * or what comes until the connection closes. Content is handed out where it lies, not copied. */
#ifndef SPY_HTTP_H1_BODY_H
#define SPY_HTTP_H1_BODY_H

#include "base/buf.h"
#include "http/h1_head.h"

enum h1_body_state {
	H1_BODY_LENGTH, /* `left` bytes of body */
	H1_BODY_CHUNK_SIZE,
	H1_BODY_CHUNK_DATA, /* `left` bytes of this chunk */
	H1_BODY_CHUNK_END,  /* the line end behind it */
	H1_BODY_TRAILER,
	H1_BODY_UNTIL_CLOSE,
};

struct h1_body {
	enum h1_body_state state;
	uint64_t left;
	struct buf line; /* a chunk's size, or the trailer, as far as it came */
	size_t line_at;	 /* H1_BODY_TRAILER: where the line under way begins; at the end the empty
			  * one, behind all fields. Otherwise 0 */
};

enum h1_body_step {
	H1_BODY_MORE,
	H1_BODY_DONE,  /* the body has ended */
	H1_BODY_ERROR, /* the framing is broken */
};

void h1_body_init(struct h1_body *b, size_t line_max);
void h1_body_done(struct h1_body *b);

/* A body without framing is empty in a request, and goes on until the close in an answer. */
void h1_body_begin(struct h1_body *b, const struct h1_framing *f, enum http_msg m);
void h1_body_begin_empty(struct h1_body *b);
/* True before the first step of an empty body, which takes no bytes. */
bool h1_body_is_empty(const struct h1_body *b);

/* Takes bytes from the front of `s`, some at least if there are any. ret_content: the content among
 * them; may be empty. */
enum h1_body_step h1_body_take(struct h1_body *b, struct span *s, struct span *ret_content);

/* `nbytes` are missing here. False where they are not all content, so that sync is lost; nothing
 * has changed then. */
bool h1_body_gap(struct h1_body *b, uint64_t nbytes, enum h1_body_step *ret);

#endif
