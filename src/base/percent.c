/* SPDX-License-Identifier: MIT */
#include "base/percent.h"

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int percent_byte(struct span s)
{
	int high = s.len > 2 && s.ptr[0] == '%' ? hex_digit(s.ptr[1]) : -1;
	int low = high >= 0 ? hex_digit(s.ptr[2]) : -1;

	return low >= 0 ? high << 4 | low : -1;
}

void percent_decode(struct span s, struct buf *out)
{
	for (size_t i = 0; i < s.len; i++) {
		int byte = percent_byte(span_from(s, i));

		if (byte >= 0)
			i += 2;
		buf_addc(out, byte >= 0 ? (char)byte : (char)s.ptr[i]);
	}
}
