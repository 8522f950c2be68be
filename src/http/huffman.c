/* SPDX-License-Identifier: MIT */
/* Codes of one length are consecutive numbers, and follow those that are shorter. So the table is
 * the symbols in the order of their codes, and how many there are of each length. */
#include "http/huffman.h"

#define BITS_MAX 30

/* clang-format off */
/* How many codes there are of each length in bits, from 0 on; EOS is left out. */
static const uint8_t counts[BITS_MAX + 1] = {
	0, 0, 0, 0, 0, 10, 26, 32, 6, 0, 5, 3, 2, 6, 2, 3, 0, 0, 0, 3, 8, 13, 26, 29, 12, 4,
	15, 19, 29, 0, 3,
};

/* The symbols in the order of their codes, a length a paragraph. */
static const uint8_t symbols[] = {
	/* 5 */
	'0', '1', '2', 'a', 'c', 'e', 'i', 'o', 's', 't',
	/* 6 */
	' ', '%', '-', '.', '/', '3', '4', '5', '6', '7', '8', '9', '=', 'A', '_', 'b', 'd',
	'f', 'g', 'h', 'l', 'm', 'n', 'p', 'r', 'u',
	/* 7 */
	':', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q',
	'R', 'S', 'T', 'U', 'V', 'W', 'Y', 'j', 'k', 'q', 'v', 'w', 'x', 'y', 'z',
	/* 8 */
	'&', '*', ',', ';', 'X', 'Z',
	/* 10 */
	'!', '"', '(', ')', '?',
	/* 11 */
	'\'', '+', '|',
	/* 12 */
	'#', '>',
	/* 13 */
	0, '$', '@', '[', ']', '~',
	/* 14 */
	'^', '}',
	/* 15 */
	'<', '`', '{',
	/* 19 */
	'\\', 195, 208,
	/* 20 */
	128, 130, 131, 162, 184, 194, 224, 226,
	/* 21 */
	153, 161, 167, 172, 176, 177, 179, 209, 216, 217, 227, 229, 230,
	/* 22 */
	129, 132, 133, 134, 136, 146, 154, 156, 160, 163, 164, 169, 170, 173, 178, 181, 185,
	186, 187, 189, 190, 196, 198, 228, 232, 233,
	/* 23 */
	1, 135, 137, 138, 139, 140, 141, 143, 147, 149, 150, 151, 152, 155, 157, 158, 165, 166,
	168, 174, 175, 180, 182, 183, 188, 191, 197, 231, 239,
	/* 24 */
	9, 142, 144, 145, 148, 159, 171, 206, 215, 225, 236, 237,
	/* 25 */
	199, 207, 234, 235,
	/* 26 */
	192, 193, 200, 201, 202, 205, 210, 213, 218, 219, 238, 240, 242, 243, 255,
	/* 27 */
	203, 204, 211, 212, 214, 221, 222, 223, 241, 244, 245, 246, 247, 248, 250, 251, 252,
	253, 254,
	/* 28 */
	2, 3, 4, 5, 6, 7, 8, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27, 28,
	29, 30, 31, 127, 220, 249,
	/* 30 */
	10, 13, 22,
};
/* clang-format on */

int huffman_bit(struct huffman *h, bool bit)
{
	uint32_t code = h->code << 1 | bit, first = h->first << 1;
	uint8_t len = h->len + 1;

	if (len > BITS_MAX)
		return HUFFMAN_BAD;
	if (code - first < counts[len]) {
		uint8_t symbol = symbols[h->index + (code - first)];

		*h = (struct huffman){ 0 };
		return symbol;
	}
	*h = (struct huffman){ .code = code,
			       .first = first + counts[len],
			       .len = len,
			       .index = (uint16_t)(h->index + counts[len]) };
	return len == BITS_MAX ? HUFFMAN_BAD : HUFFMAN_MORE;
}
