/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

size_t utf8_next(struct span s, uint32_t *ret_code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t b = s.ptr[0];
	size_t len = b < 0x80 ? 1 : b < 0xc0 ? 0 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : b < 0xf8 ? 4 : 0;
	uint32_t code = len == 1 ? b : b & (0x7fu >> len);

	if (!len || len > s.len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((s.ptr[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s.ptr[i] & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	*ret_code = code;
	return len;
}

/* Length of the valid beginning. */
static size_t valid_prefix(struct span s)
{
	size_t at = 0, n;
	uint32_t code;

	while (at < s.len) {
		if (s.ptr[at] < 0x80) {
			at++;
			continue;
		}
		n = utf8_next(span_from(s, at), &code);
		if (!n)
			break;
		at += n;
	}
	return at;
}

bool utf8_valid(struct span s)
{
	return valid_prefix(s) == s.len;
}

/* The half at the front; 0: none. */
static uint32_t half_at(struct span s)
{
	if (s.len < UTF8_HALF_SIZE || s.ptr[0] != 0xed || s.ptr[1] < 0xa0 || s.ptr[1] > 0xbf ||
	    (s.ptr[2] & 0xc0) != 0x80)
		return 0;
	return 0xd000u | (s.ptr[1] & 0x3fu) << 6 | (s.ptr[2] & 0x3fu);
}

uint32_t utf8_first_half(struct span s)
{
	uint32_t half = s.len < UTF8_HALF_SIZE ? 0 : half_at(span_from(s, s.len - UTF8_HALF_SIZE));

	return half < 0xdc00 ? half : 0;
}

uint32_t utf8_second_half(struct span s)
{
	uint32_t half = half_at(s);

	return half >= 0xdc00 ? half : 0;
}

void utf8_pair(uint32_t first, uint32_t second, struct buf *out)
{
	uint32_t code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);

	buf_addc(out, (char)(0xf0 | code >> 18));
	buf_addc(out, (char)(0x80 | (code >> 12 & 0x3f)));
	buf_addc(out, (char)(0x80 | (code >> 6 & 0x3f)));
	buf_addc(out, (char)(0x80 | (code & 0x3f)));
}

static bool fix(struct span s, bool halves, struct buf *out)
{
	bool fixed = false;

	while (s.len) {
		size_t good = valid_prefix(s);

		buf_add(out, span_first(s, good));
		s = span_from(s, good);
		if (s.len) {
			buf_adds(out, "\xef\xbf\xbd");
			s = span_from(s, halves && half_at(s) ? UTF8_HALF_SIZE : 1);
			fixed = true;
		}
	}
	return fixed;
}

bool utf8_fix(struct span s, struct buf *out)
{
	return fix(s, false, out);
}

void utf8_fix_halves(struct span s, struct buf *out)
{
	fix(s, true, out);
}

size_t utf8_whole(struct span s)
{
	for (size_t back = 1; back <= 3 && back <= s.len; back++) {
		uint8_t b = s.ptr[s.len - back];
		size_t want = b < 0xc0 ? 0 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;

		if (b < 0x80)
			return s.len;
		if (want)
			return want > back ? s.len - back : s.len;
	}
	return s.len;
}

size_t utf8_begin(struct span s, size_t at)
{
	while (at < s.len && (s.ptr[at] & 0xc0) == 0x80)
		at++;
	return at;
}

void utf8_cut(struct span s, char *ret, size_t size)
{
	struct buf fixed;
	size_t len;

	if (s.len >= size - 1) {
		s = span_first(s, size - 1);
		s = span_first(s, utf8_whole(s));
	}
	buf_init(&fixed, size - 1);
	utf8_fix(s, &fixed);
	len = utf8_whole(buf_span(&fixed));
	if (len)
		memcpy(ret, fixed.ptr, len);
	ret[len] = '\0';
	buf_done(&fixed);
}
