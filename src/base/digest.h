/* SPDX-License-Identifier: MIT */
/* SHA-256, by nettle. */
#ifndef SPY_BASE_DIGEST_H
#define SPY_BASE_DIGEST_H

#include <nettle/sha2.h>

#include "base/buf.h"
#include "base/span.h"

/* As lower-case hex: writes 64 digits and a NUL; the context can be used again. */
void digest_hex(struct sha256_ctx *ctx, char ret[65]);

/* A file of the cache begins with the magic of its kind and ends in the digest of all before. */
void digest_seal(struct buf *out);
/* What lies between: 0, or -EPROTO, which leaves ret alone. */
int digest_unseal(struct span magic, struct span in, struct span *ret);

#endif
