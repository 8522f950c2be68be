/* SPDX-License-Identifier: MIT */
/* Masking never loses a byte that it should keep in place, and never reads past the end. */
#include <stdlib.h>

#include "redact/credential.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = span_of(data, size);
	uint8_t *copy = malloc(size + 1);
	struct secret_scan scan = { 0 };
	struct buf out;

	memcpy(copy, data, size);
	secret_blank(&scan, copy, size / 2);
	secret_blank(&scan, copy + size / 2, size - size / 2);
	for (size_t i = 0; i < size; i++)
		if (copy[i] != data[i] && copy[i] != '*')
			abort();
	free(copy);
	buf_init(&out, 1 << 20);
	secret_mask_target(s, &out);
	secret_mask_text(s, &out);
	secret_mask_value(SPAN_LIT("cookie"), s, &out);
	secret_mask_value(SPAN_LIT("authorization"), s, &out);
	secret_mask_argument(span_first(s, size / 2), span_from(s, size / 2), &out);
	buf_done(&out);
	return 0;
}
