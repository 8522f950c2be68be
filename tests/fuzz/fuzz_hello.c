/* SPDX-License-Identifier: MIT */
/* What any program sends first on a connection. */
#include <stdlib.h>

#include "capture/chunk.h"
#include "capture/hello.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hello_flow f = { .done = false };
	char name[HELLO_NAME];
	struct notice n;

	if (hello_server_name(span_of(data, size), name) == (name[0] == '\0'))
		abort();
	for (size_t i = 0; i < size && i < 64; i += 7) {
		hello_flow_tls(&f, span_from(span_of(data, size), i), (uint32_t)size);
		hello_flow_quic(&f, span_from(span_of(data, size), i));
	}
	if (chunk_notice(data, size, &n) && n.data.len &&
	    (n.data.ptr < data || n.data.ptr + n.data.len > data + size))
		abort();
	return 0;
}
