/* SPDX-License-Identifier: MIT */
/* The head of an HTTP/1 message, RFC 9112 sections 2 to 6.3: its start line, its fields, and what
 * they announce of the body; and the fields behind one in chunks. Holds no state. */
#ifndef SPY_HTTP_H1_HEAD_H
#define SPY_HTTP_H1_HEAD_H

#include "http/message.h"

#define H1_FIELDS_MAX 1024

/* What the front of some bytes looks like. */
enum h1_start {
	H1_START_NO,
	H1_START_MORE, /* too few bytes to decide */
	H1_START_REQUEST,
	H1_START_RESPONSE,
};
enum h1_start h1_start(struct span s);

/* Reads a whole head, in which folded lines are joined in place. head->msg is set by the caller;
 * the rest of `head` is zeroed before. False where the start line is malformed. */
bool h1_head_read(uint8_t *bytes, size_t len, struct http_head *head,
		  struct http_field fields[H1_FIELDS_MAX]);

/* The fields alone of a trailer, likewise. */
void h1_trailer_read(uint8_t *bytes, size_t len, struct http_head *head,
		     struct http_field fields[H1_FIELDS_MAX]);

/* What the fields announce of the body. */
struct h1_framing {
	bool chunked, has_coding; /* chunked comes last; any transfer coding */
	bool has_length;
	bool malformed; /* a length is no number, or there are several */
	uint64_t length;
};
struct h1_framing h1_framing_read(const struct http_head *head);

#endif
