/* SPDX-License-Identifier: MIT */
/* An ELF file as the finder of Go's crypto/tls takes it: what it names is code of the file. */
#include <stdlib.h>

#include "find/finder.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct finding f = { 0 };
	struct image im;

	if (image_open_bytes(&im, span_of(data, size)) == 0) {
		finder_go.find(&im, &f);
		if (!f.implementation && f.nsites)
			abort();
		for (size_t i = 0; i < f.nsites; i++)
			if (f.sites[i].at_return || !image_from(&im, f.sites[i].addr).len)
				abort();
	}
	image_close(&im);
	return 0;
}
