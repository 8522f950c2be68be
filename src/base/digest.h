/* SPDX-License-Identifier: MIT */
/* SHA-256, by nettle. */
#ifndef SPY_BASE_DIGEST_H
#define SPY_BASE_DIGEST_H

#include <nettle/sha2.h>

#include "base/span.h"

/* As lower-case hex: writes 64 digits and a NUL; the context can be used again. */
void digest_hex(struct sha256_ctx *ctx, char ret[65]);

void digest_bytes(struct span s, uint8_t ret[SHA256_DIGEST_SIZE]);

#endif
