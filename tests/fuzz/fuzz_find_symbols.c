/* SPDX-License-Identifier: MIT */
/* The input is an ELF file of anybody's making. What is found stands in its symbol table, so any
 * address may come out; a place in the file comes out only for what is in the file. */
#include <stdlib.h>

#include "find/finder.h"
#include "tests/fuzz/fuzz.h"

static void on_found(void *arg, const struct finder *finder, const struct finding *f)
{
	const struct image *im = arg;

	if (!f->implementation || !f->method || !f->nsites || f->nsites > SITES_MAX)
		abort();
	for (size_t i = 0; i < f->nsites; i++)
		if (image_offset(im, f->sites[i].addr) >= im->file.len ||
		    f->sites[i].prog >= PROG_COUNT)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image im;

	if (image_open_bytes(&im, span_of(data, size)) == 0)
		find_all(&im, on_found, &im);
	image_close(&im);
	return 0;
}
