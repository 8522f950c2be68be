/* SPDX-License-Identifier: MIT */
/* One body as it comes in: counted, digested, its content coding undone, kept as far as limits
 * allow, and cut into elements where it is a stream. Fills a struct body. */
#ifndef SPY_ASSEMBLE_BODY_READER_H
#define SPY_ASSEMBLE_BODY_READER_H

#include <nettle/sha2.h>

#include "exchange/exchange.h"
#include "http/coding.h"
#include "http/framing.h"

struct body_reader {
	struct body *body;
	struct limits *lim;
	struct coding *coding;
	struct sha256_ctx wire_sha, decoded_sha;
	bool torn;	    /* behind a gap: nothing more is kept */
	framing_fn element; /* NULL: the body is not cut into elements */
	void *arg;
	struct framing *framing; /* NULL: the body is no stream, or not yet known to be one */
	struct buf first;	 /* first bytes of a body whose media type names no framing */
	bool sniffed;		 /* `first` was long enough to decide */
	uint64_t ts_ns;		 /* of the bytes that are read */
	bool array_streams;	 /* an array counts as a stream too; may be set until sniffed */
};

/* A message began. h NULL: its head was not seen. `element` gets the elements of a stream; NULL
 * where none is expected. */
struct http_head;
void body_reader_begin(struct body_reader *r, struct body *b, const struct http_head *h,
		       struct limits *lim, framing_fn element, void *arg);
/* It is a stream of that framing, whatever its media type says. Before its first byte. */
void body_reader_frame(struct body_reader *r, const struct framing_ops *ops);
void body_reader_bytes(struct body_reader *r, uint64_t ts_ns, struct span s);
void body_reader_gap(struct body_reader *r, uint64_t nbytes);
/* No bytes follow: emits an element that lacks its closing mark. Returns how many bytes became part
 * of no element. */
uint64_t body_reader_end_elements(struct body_reader *r);
/* complete: by the framing of HTTP. suffices: a stream of unknown length in which the API announced
 * its end; clients leave then, before the end of the message arrives. */
void body_reader_end(struct body_reader *r, bool complete, bool suffices);
/* Frees what it works with. The body stays as it is, and counts against the limit `memory`. */
void body_reader_done(struct body_reader *r);

#endif
