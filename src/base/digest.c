/* SPDX-License-Identifier: MIT */
#include "base/digest.h"

#include <nettle/base16.h>

void digest_hex(struct sha256_ctx *ctx, char ret[65])
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(ctx, sizeof(digest), digest);
	base16_encode_update(ret, sizeof(digest), digest);
	ret[64] = '\0';
}

void digest_bytes(struct span s, uint8_t ret[SHA256_DIGEST_SIZE])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, s.len, s.ptr);
	sha256_digest(&ctx, SHA256_DIGEST_SIZE, ret);
}
