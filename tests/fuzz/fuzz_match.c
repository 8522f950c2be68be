/* SPDX-License-Identifier: MIT */
/* Two requests, each as a line of target and a body; between them a NUL. */
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "view/match.h"

static struct match_request read_request(struct span in)
{
	size_t at = span_find(in, '\n');

	return (struct match_request){ .method = SPAN_LIT("POST"),
				       .target = span_first(in, at),
				       .type = SPAN_LIT("multipart/form-data; boundary=b"),
				       .body = span_from(in, at + 1) };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	size_t at = span_find(in, '\0');
	struct match_request a = read_request(span_first(in, at));
	struct match_request b = read_request(span_from(in, at + 1));
	struct limits lim;
	struct match x, y;
	struct buf said;
	bool equal;

	limits_init(&lim);
	buf_init(&said, 4096);
	match_init(&x, &a, &lim);
	match_init(&y, &b, &lim);
	match_difference(&a, &b, &lim, &said);
	equal = memcmp(x.digest, y.digest, sizeof(x.digest)) == 0;
	/* What is found to be the same has no difference, and the other way round. */
	if (equal != (said.len == 0) || match_likeness(&x, &y) > 1000)
		abort();
	if (equal && !match_same_place(&x, &y))
		abort();
	match_done(&x);
	match_done(&y);
	buf_done(&said);
	return 0;
}
