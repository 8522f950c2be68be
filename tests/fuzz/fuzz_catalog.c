/* SPDX-License-Identifier: MIT */
/* Bytes as a catalog, its digest put right so that its inside is reached; and as a plan, which when
 * it is taken must come out again as it went in. */
#include <stdlib.h>

#include "find/catalog.h"
#include "tests/fuzz/fuzz.h"

static void as_plan(struct span in)
{
	struct plan p;

	if (plan_decode(in, &p) == 0) {
		struct buf b;

		buf_init(&b, PLAN_BYTES_MAX);
		if (plan_encode(&p, &b) == 0 && !span_eq(buf_span(&b), in))
			abort();
		free(plan_text(&p));
		free(plan_problem(&p));
		buf_done(&b);
	}
	plan_done(&p);
}

static void as_catalog(struct span entries)
{
	static const uint8_t stamp[CATALOG_STAMP_LEN];
	struct catalog *c = catalog_new(8);
	uint8_t sum[SHA256_DIGEST_SIZE];
	struct sha256_ctx ctx;
	struct buf b;

	buf_init(&b, CATALOG_BYTES_MAX);
	catalog_encode(c, stamp, &b); /* empty: magic, stamp, digest */
	b.len -= sizeof(sum);
	buf_add(&b, entries);
	sha256_init(&ctx);
	sha256_update(&ctx, b.len, (const uint8_t *)b.ptr);
	sha256_digest(&ctx, sizeof(sum), sum);
	buf_add(&b, span_of(sum, sizeof(sum)));
	if (catalog_decode(c, stamp, buf_span(&b)) == 0) {
		buf_reset(&b);
		catalog_encode(c, stamp, &b);
	}
	buf_done(&b);
	catalog_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);

	as_plan(in);
	as_catalog(in);
	return 0;
}
