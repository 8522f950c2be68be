/* SPDX-License-Identifier: MIT */
/* A user's text: its pieces lie in it, in order, and its sentence is one line. */
#include <stdlib.h>

#include "base/utf8.h"
#include "conversation/own_words.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of(data, size);
	const uint8_t *end = data;
	struct words w;
	struct buf out;

	while (own_words_next(&rest, &w)) {
		if (!w.text.len || w.text.ptr < end || w.text.ptr + w.text.len > data + size)
			abort();
		end = w.text.ptr + w.text.len;
	}
	buf_init(&out, 1024);
	own_words_sentence(span_of(data, size), 120, &out);
	if (!utf8_valid(buf_span(&out)) || span_find(buf_span(&out), '\n') < out.len)
		abort();
	buf_done(&out);
	return 0;
}
