/* SPDX-License-Identifier: MIT */
/* A stream may cut a text between the halves of a surrogate pair (json_read_piece). What is added
 * to a part of an answer goes on where the piece before it ended. */
#include "base/utf8.h"
#include "exchange/exchange_int.h"

#define REPLACEMENT SPAN_LIT("\xef\xbf\xbd")

/* Where the first half is. */
static size_t find_half(struct span s)
{
	size_t at = 0, n;

	while (at < s.len) {
		n = span_find(span_from(s, at), 0xed);
		at += n;
		if (s.len - at >= UTF8_HALF_SIZE && s.ptr[at + 1] >= 0xa0)
			return at;
		at += at < s.len;
	}
	return s.len;
}

static unsigned half_at(const uint8_t *p)
{
	return 0xd000u | (unsigned)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
}

static void add_half(struct part *p, unsigned half)
{
	bool is_low = half >= 0xdc00;

	if (p->half && is_low)
		utf8_pair(p->half, half, &p->text);
	else if (p->half || is_low)
		buf_add(&p->text, REPLACEMENT);
	p->half = is_low ? 0 : (uint16_t)half;
}

void part_add(struct part *p, struct span text)
{
	while (text.len) {
		size_t n = find_half(text);

		if (n)
			part_add_end(p);
		buf_add(&p->text, span_first(text, n));
		text = span_from(text, n);
		if (!text.len)
			return;
		add_half(p, half_at(text.ptr));
		text = span_from(text, UTF8_HALF_SIZE);
	}
}

void part_add_end(struct part *p)
{
	if (p->half)
		buf_add(&p->text, REPLACEMENT);
	p->half = 0;
}
