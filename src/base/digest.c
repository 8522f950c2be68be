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
