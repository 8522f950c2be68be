/* SPDX-License-Identifier: MIT */
/* First byte: which framing; then its data, 0x01 being a gap. */
#include "http/framing.h"
#include "tests/fuzz/fuzz.h"

static int on_element(void *arg, struct span name, struct span data, bool cut)
{
	size_t *sum = arg;

	for (size_t i = 0; i < data.len; i++)
		*sum += data.ptr[i];
	*sum += name.len;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {
#define FRAMING(type, ops) type,
#include "http/framings.def"
#undef FRAMING
	};
	struct cursor c = { .rest = span_of(data, size) };
	size_t sum = 0, which = cursor_be(&c, 1) % (sizeof(types) / sizeof(*types));
	struct limits lim;
	struct framing *f;

	limits_init(&lim);
	lim.max[LIMIT_event] = 4096;
	f = framing_new(framing_find(span_str(types[which])), &lim, on_element, &sum);
	while (c.rest.len) {
		size_t gap = span_find(c.rest, 1);

		framing_feed(f, cursor_take(&c, gap));
		if (c.rest.len) {
			framing_gap(f);
			cursor_take(&c, 1);
		}
	}
	framing_finish(f);
	framing_free(f);
	return 0;
}
