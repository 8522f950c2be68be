/* SPDX-License-Identifier: MIT */
/* Masking never loses a byte that it should keep in place, and never reads past the end. */
#include <stdlib.h>

#include "redact/credential.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = span_of(data, size);
	uint8_t *copy = malloc(size + 1);
	struct credential_scan scan = { 0 };
	struct buf out;

	memcpy(copy, data, size);
	credential_scrub(&scan, copy, size / 2);
	credential_scrub(&scan, copy + size / 2, size - size / 2);
	for (size_t i = 0; i < size; i++)
		if (copy[i] != data[i] && copy[i] != '*')
			abort();
	free(copy);
	buf_init(&out, 1 << 20);
	credential_mask_target(s, &out);
	credential_mask_value(SPAN_LIT("cookie"), s, &out);
	credential_mask_value(SPAN_LIT("authorization"), s, &out);
	credential_mask_argument(span_first(s, size / 2), span_from(s, size / 2), &out);
	buf_done(&out);
	return 0;
}
