/* SPDX-License-Identifier: MIT */
/* One body as it comes in: counted, digested, its content coding undone, and kept as far as
 * limits allow. Fills a struct body. */
#ifndef SPY_ASSEMBLE_BODY_READER_H
#define SPY_ASSEMBLE_BODY_READER_H

#include <nettle/sha2.h>

#include "exchange/exchange.h"
#include "http/coding.h"

/* Called with each piece of decoded body. */
typedef int (*body_reader_fn)(void *arg, struct span decoded);

struct body_reader {
	struct body *body;
	struct limits *lim;
	struct coding *coding;
	struct sha256_ctx wire_sha, decoded_sha;
	bool torn; /* behind a gap: nothing more is kept */
	body_reader_fn fn;
	void *arg;
};

/* A message began. h NULL: its head was not seen. */
struct http_head;
void body_reader_begin(struct body_reader *i, struct body *b, const struct http_head *h,
		       struct limits *lim, body_reader_fn fn, void *arg);
int body_reader_bytes(struct body_reader *i, struct span s);
void body_reader_gap(struct body_reader *i, uint64_t nbytes);
/* complete: by its framing. suffices: a stream of unknown length, in which the API said that
 * nothing follows; clients leave then, before the mark of the end arrives. */
void body_reader_end(struct body_reader *i, bool complete, bool suffices);
/* Frees what it works with and gives the memory back to the budget; the body stays as it is. */
void body_reader_done(struct body_reader *i);

#endif
