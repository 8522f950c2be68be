/* SPDX-License-Identifier: MIT */
/* SHA-256 as lower-case hex, by nettle. */
#ifndef SPY_BASE_DIGEST_H
#define SPY_BASE_DIGEST_H

#include <nettle/sha2.h>

/* Writes 64 digits and a NUL; the context can be used again. */
void digest_hex(struct sha256_ctx *ctx, char ret[65]);

#endif
