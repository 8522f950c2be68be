/* SPDX-License-Identifier: MIT */
/* A growable byte buffer that never grows past its ceiling `max`, whatever is appended. */
#ifndef SPY_BASE_BUF_H
#define SPY_BASE_BUF_H

#include "base/span.h"

/* ptr[len] is NUL once something was appended, so text can be read as a string. Invariant: len <=
 * max. A zeroed struct is not valid: use buf_init. */
struct buf {
	char *ptr;
	size_t len, cap, max;
	bool full; /* an append was refused or cut, so later bytes are missing */
};

void buf_init(struct buf *b, size_t max);
void buf_done(struct buf *b);
void buf_reset(struct buf *b); /* empties the buffer, keeps its memory */

/* Appends all of `s`; if it does not fit, appends what fits, sets `full` and returns -ENOBUFS. */
int buf_add(struct buf *b, struct span s);
int buf_addc(struct buf *b, char c);
int buf_adds(struct buf *b, const char *s);
int buf_add_le(struct buf *b, uint64_t v, size_t nbytes); /* little-endian; at most 8 bytes */
int buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Removes `n` bytes from the front. */
void buf_drop(struct buf *b, size_t n);

static inline struct span buf_span(const struct buf *b)
{
	return span_of(b->ptr, b->len);
}

/* Returns the NUL-terminated text, never NULL, which the caller frees. `b` is empty afterwards. */
char *buf_take(struct buf *b);

#endif
