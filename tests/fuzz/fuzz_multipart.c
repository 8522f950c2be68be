/* SPDX-License-Identifier: MIT */
/* A form with files, whole and cut. */
#include "llm/multipart.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct limits lim;

	limits_init(&lim);
	for (int cut = 0; cut < 2; cut++) {
		bool partial;

		json_decref(multipart_read(&lim, span_of(data, size), cut, &partial));
	}
	return 0;
}
