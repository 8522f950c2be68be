/* SPDX-License-Identifier: MIT */
/* The input is a file, of any machine that it says. */
#include <stdlib.h>

#include "find/finder.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct finder *finders[] = { &finder_rustls, &finder_rustls_symbols };
	struct image im;

	if (image_open_bytes(&im, span_of(data, size)) == 0) {
		for (size_t i = 0; i < sizeof(finders) / sizeof(*finders); i++) {
			struct finding f = { 0 };

			finders[i]->find(&im, &f);
			if (f.nsites > SITES_MAX || (f.implementation && !f.nsites))
				abort();
		}
	}
	image_close(&im);
	return 0;
}
