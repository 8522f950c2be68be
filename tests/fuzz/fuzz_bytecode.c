/* SPDX-License-Identifier: MIT */
/* Bytes as compiled programs, their digest put right so that their inside is reached. What is taken
 * must come out as it went in, and can be given descriptors. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "probe/bytecode.h"
#include "tests/fuzz/fuzz.h"

#define HEAD (8 + BYTECODE_KEY) /* magic and key */

static void link_all(const struct bytecode *b)
{
	static const uint32_t values[] = { 1, 2 };
	int fds[MAPS_MAX];

	for (size_t i = 0; i < MAPS_MAX; i++)
		fds[i] = (int)(100 + i);
	for (size_t i = 0; i < b->nprograms; i++) {
		uint64_t *insns = xcalloc(b->programs[i].count, sizeof(*insns));

		bytecode_link(&b->programs[i], fds, values, 2, insns);
		free(insns);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[BYTECODE_KEY];
	struct bytecode b = { 0 };
	struct sha256_ctx ctx;
	uint8_t sum[SHA256_DIGEST_SIZE];
	struct buf in, out;

	buf_init(&in, BYTECODE_MAX);
	buf_init(&out, BYTECODE_MAX);
	bytecode_encode(&b, key, &in);
	in.len = HEAD;
	buf_add(&in, span_of(data, size));
	sha256_init(&ctx);
	sha256_update(&ctx, in.len, (const uint8_t *)in.ptr);
	sha256_digest(&ctx, sizeof(sum), sum);
	buf_add(&in, span_of(sum, sizeof(sum)));
	if (bytecode_decode(&b, key, buf_span(&in)) == 0) {
		link_all(&b);
		if (bytecode_encode(&b, key, &out) != 0 || !span_eq(buf_span(&in), buf_span(&out)))
			abort();
	}
	bytecode_done(&b);
	buf_done(&in);
	buf_done(&out);
	return 0;
}
