/* SPDX-License-Identifier: MIT */
/* Header blocks for tests: HPACK written by hand, every representation as a test wants it, and read
 * back by nghttp2. The Huffman code is had from http/huffman.h, by walking all of it. */
#ifndef SPY_TESTS_HPACKMAKE_H
#define SPY_TESTS_HPACKMAKE_H

#include <nghttp2/nghttp2.h>

#include "base/buf.h"
#include "http/huffman.h"

struct made_code {
	uint32_t bits;
	unsigned len; /* 0: none was found */
};
static struct made_code made_codes[256];

static inline void make_codes(struct huffman at, uint32_t bits, unsigned len)
{
	for (unsigned bit = 0; bit < 2; bit++) {
		struct huffman h = at;
		int symbol = huffman_bit(&h, bit);

		if (symbol >= 0)
			made_codes[symbol] = (struct made_code){ bits << 1 | bit, len + 1 };
		else if (symbol == HUFFMAN_MORE)
			make_codes(h, bits << 1 | bit, len + 1);
	}
}

static inline void make_int(struct buf *b, unsigned first, unsigned nbits, size_t n)
{
	size_t mask = (1u << nbits) - 1;

	buf_addc(b, (char)(first | (n < mask ? n : mask)));
	if (n < mask)
		return;
	for (n -= mask; n > 127; n >>= 7)
		buf_addc(b, (char)(n | 0x80));
	buf_addc(b, (char)n);
}

static inline size_t coded_length(struct span s)
{
	size_t bits = 0;

	for (size_t i = 0; i < s.len; i++)
		bits += made_codes[s.ptr[i]].len;
	return (bits + 7) / 8;
}

static inline void make_string(struct buf *b, struct span s, bool coded)
{
	uint64_t bits = 0;
	unsigned n = 0;

	make_int(b, coded ? 0x80 : 0, 7, coded ? coded_length(s) : s.len);
	if (!coded)
		buf_add(b, s);
	for (size_t i = 0; i < s.len && coded; i++) {
		const struct made_code *code = &made_codes[s.ptr[i]];

		bits = bits << code->len | code->bits;
		for (n += code->len; n >= 8; n -= 8)
			buf_addc(b, (char)(bits >> (n - 8)));
	}
	if (n && coded)
		buf_addc(b, (char)(bits << (8 - n) | ((1u << (8 - n)) - 1)));
}

/* A literal: `index` of its name, or 0 and its name; `enters` the table. */
static inline void make_field(struct buf *b, bool enters, size_t index, const char *name,
			      struct span value, bool coded)
{
	make_int(b, enters ? 0x40 : 0x10, enters ? 6 : 4, index);
	if (!index)
		make_string(b, span_str(name), coded);
	make_string(b, value, coded);
}

/* "name=value" and LF for each field, "!" where the block is refused. */
static inline void inflate_to(nghttp2_hd_inflater *inflater, struct span s, struct buf *ret)
{
	int flags;

	do {
		nghttp2_nv nv;
		ssize_t n = nghttp2_hd_inflate_hd2(inflater, &nv, &flags, s.ptr, s.len, true);

		if (n < 0) {
			buf_addc(ret, '!');
			return;
		}
		s = span_from(s, (size_t)n);
		if (flags & NGHTTP2_HD_INFLATE_EMIT) {
			buf_add(ret, span_of(nv.name, nv.namelen));
			buf_addc(ret, '=');
			buf_add(ret, span_of(nv.value, nv.valuelen));
			buf_addc(ret, '\n');
		}
	} while (!(flags & NGHTTP2_HD_INFLATE_FINAL));
	nghttp2_hd_inflate_end_headers(inflater);
}

#endif
