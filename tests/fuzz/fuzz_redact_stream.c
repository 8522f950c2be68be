/* SPDX-License-Identifier: MIT */
/* However a text is cut, the same comes out; what was masked stays as it is. The first byte says
 * how long the pieces are. */
#include <stdlib.h>

#include "redact/redact_stream.h"
#include "tests/fuzz/fuzz.h"

static void in_pieces(struct span s, size_t len, enum redact_begin begin, struct buf *out)
{
	struct redact_stream *r = malloc(sizeof(*r));

	redact_stream_init(r, begin);
	for (; s.len; s = span_from(s, len)) {
		struct span piece = span_first(s, len);
		uint8_t *copy = malloc(piece.len);

		memcpy(copy, piece.ptr, piece.len);
		redact_stream_feed(r, span_of(copy, piece.len), out);
		free(copy);
	}
	redact_stream_end(r, out);
	free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = span_of(size ? data + 1 : data, size ? size - 1 : 0);
	enum redact_begin begin = size ? (enum redact_begin)(data[0] >> 6) % 3 : REDACT_TEXT;
	struct buf whole, pieces, again;

	buf_init(&whole, 16 * size + 64);
	buf_init(&pieces, 16 * size + 64);
	buf_init(&again, 16 * size + 64);
	redact_text(s, begin, &whole);
	in_pieces(s, size ? 1 + data[0] % 64 : 1, begin, &pieces);
	redact_text(buf_span(&whole), begin, &again);
	if (!span_eq(buf_span(&whole), buf_span(&pieces)) ||
	    !span_eq(buf_span(&whole), buf_span(&again)))
		abort();
	buf_done(&whole);
	buf_done(&pieces);
	buf_done(&again);
	return 0;
}
