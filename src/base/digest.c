/* SPDX-License-Identifier: MIT */
#include "base/digest.h"

#include <errno.h>
#include <nettle/base16.h>

void digest_hex(struct sha256_ctx *ctx, char ret[65])
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(ctx, sizeof(digest), digest);
	base16_encode_update(ret, sizeof(digest), digest);
	ret[64] = '\0';
}

static void digest_bytes(struct span s, uint8_t ret[SHA256_DIGEST_SIZE])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, s.len, s.ptr);
	sha256_digest(&ctx, SHA256_DIGEST_SIZE, ret);
}

void digest_seal(struct buf *out)
{
	uint8_t sum[SHA256_DIGEST_SIZE];

	digest_bytes(buf_span(out), sum);
	buf_add(out, span_of(sum, sizeof(sum)));
}

int digest_unseal(struct span magic, struct span in, struct span *ret)
{
	uint8_t sum[SHA256_DIGEST_SIZE];
	struct span sealed;

	if (!span_starts(in, magic) || in.len - magic.len < sizeof(sum))
		return -EPROTO;
	sealed = span_first(in, in.len - sizeof(sum));
	digest_bytes(sealed, sum);
	if (!span_eq(span_from(in, sealed.len), span_of(sum, sizeof(sum))))
		return -EPROTO;
	*ret = span_from(sealed, magic.len);
	return 0;
}
