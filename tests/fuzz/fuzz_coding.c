/* SPDX-License-Identifier: MIT */
/* First byte: which coding; then its data. */
#include <stdlib.h>

#include "http/coding.h"
#include "tests/fuzz/fuzz.h"

static void on_out(void *arg, struct span s)
{
	*(size_t *)arg += s.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "gzip", "deflate",	      "br",
					     "zstd", "gzip, deflate", "br, gzip" };
	struct cursor c = { .rest = span_of(data, size) };
	struct limits lim;
	struct coding *coding;
	size_t total = 0;

	limits_init(&lim);
	lim.max[LIMIT_decoded] = 1 << 20;
	coding = coding_new(span_str(names[cursor_be(&c, 1) % 6]), &lim);
	while (coding && c.rest.len) {
		size_t len = c.rest.len > 7 ? c.rest.len / 2 : c.rest.len;

		if (coding_feed(coding, cursor_take(&c, len), on_out, &total) != 0)
			break;
	}
	if (total > (1 << 20))
		abort();
	coding_free(coding);
	return 0;
}
