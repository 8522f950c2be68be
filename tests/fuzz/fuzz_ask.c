/* SPDX-License-Identifier: MIT */
/* The beginning of a connection to the proxy. */
#include <stdlib.h>

#include "proxy/ask.h"
#include "tests/fuzz/fuzz.h"

static void read_all(struct span in, const char *fixed)
{
	struct span reply;
	struct ask a;
	int used;

	ask_init(&a);
	while ((used = ask_read(in, fixed, 443, &a, &reply)) > 0 && !a.host[0])
		in = span_from(in, (size_t)used);
	if (used > 0 && ((size_t)used > in.len || !a.port || a.port > 65535))
		abort();
	if (used < 0 && a.host[0])
		abort();
	ask_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);

	read_all(in, NULL);
	read_all(in, "api.example");
	for (size_t i = 0; i <= size && i < 64; i++)
		if (ask_take(span_first(in, i), span_from(in, i)) > size - i)
			abort();
	return 0;
}
