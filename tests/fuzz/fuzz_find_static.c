/* SPDX-License-Identifier: MIT */
/* The input is an ELF file, to be searched for BoringSSL, OpenSSL and aws-lc without symbols. */
#include <stdlib.h>

#include "find/finder.h"
#include "tests/fuzz/fuzz.h"

static void run(const struct finder *finder, const struct image *im, size_t least)
{
	struct finding f = { 0 };

	finder->find(im, &f);
	if (f.nsites > SITES_MAX || (f.implementation && f.nsites < least))
		abort();
	for (size_t i = 0; i < f.nsites; i++)
		if (!image_from(im, f.sites[i].addr).len)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image im;

	if (image_open_bytes(&im, span_of(data, size)) == 0) {
		run(&finder_boringssl, &im, 4);
		run(&finder_openssl_static, &im, 4);
		run(&finder_openssl1, &im, 4);
		run(&finder_awslc, &im, 3);
		run(&finder_mbedtls, &im, 4);
	}
	image_close(&im);
	return 0;
}
