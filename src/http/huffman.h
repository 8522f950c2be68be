/* SPDX-License-Identifier: MIT */
/* The Huffman code of HTTP/2's header fields (RFC 7541, Appendix B), read bit by bit, so that a
 * reader knows where in its bytes each symbol ends. http/hpack.h needs none: its library decodes.
 */
#ifndef SPY_HTTP_HUFFMAN_H
#define SPY_HTTP_HUFFMAN_H

#include <stdbool.h>
#include <stdint.h>

/* Within a code; zeroed at a string's beginning, and by each symbol that ends. */
struct huffman {
	uint32_t code, first; /* the bits so far; the first code of that length */
	uint8_t len;
	uint16_t index; /* codes that are shorter */
};

enum { HUFFMAN_MORE = -1, HUFFMAN_BAD = -2 };
/* The symbol that ends with this bit, 0 to 255; or HUFFMAN_MORE; or HUFFMAN_BAD for EOS, which no
 * string may hold (section 5.2). */
int huffman_bit(struct huffman *h, bool bit);

#endif
