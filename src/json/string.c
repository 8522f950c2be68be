/* SPDX-License-Identifier: MIT */
#include "json/string.h"

#include "base/bytes.h"
#include "base/utf8.h"

/* ---- plain text ---- */

/* What stands as it is, up to a quote, a backslash or the end. */
struct run {
	const uint8_t *end;
	bool ascii;
};

static struct run run_of(const uint8_t *at, const uint8_t *end)
{
	uint64_t word, stops, seen = 0;

	/* Eight bytes at a time: most of the time of reading a prompt is spent here. */
	for (; end - at >= 8; at += 8) {
		word = bytes_word(at);
		stops = bytes_zero(word ^ BYTES_OF('"')) | bytes_zero(word ^ BYTES_OF('\\'));
		if (stops) {
			/* Only bytes before the stop. */
			seen |= word & ((stops & -stops) - 1);
			at += bytes_before(stops);
			return (struct run){ at, !(seen & BYTES_HIGH) };
		}
		seen |= word;
	}
	for (; at < end && *at != '"' && *at != '\\'; at++)
		seen |= *at;
	return (struct run){ at, !(seen & BYTES_HIGH) };
}

/* Of a text that ends here, a character that was cut with it is left out. */
static void add_run(struct buf *out, const uint8_t *at, struct run run, bool is_last)
{
	struct span s = span_of(at, (size_t)(run.end - at));

	if (run.ascii)
		buf_add(out, s);
	else
		utf8_fix(is_last ? span_first(s, utf8_whole(s)) : s, out);
}

/* ---- escapes ---- */

static int hex_of(uint8_t b)
{
	if (b >= '0' && b <= '9')
		return b - '0';
	b |= 0x20;
	return b >= 'a' && b <= 'f' ? b - 'a' + 10 : -1;
}

/* Four digits at the front, or -1. */
static int unit_at(const uint8_t *at, const uint8_t *end)
{
	int unit = 0;

	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_of(at[i]);

		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

static void add_code(struct buf *out, uint32_t code)
{
	if (code < 0x80) {
		buf_addc(out, (char)code);
		return;
	}
	if (code < 0x800) {
		buf_addc(out, (char)(0xc0 | code >> 6));
	} else {
		if (code < 0x10000) {
			buf_addc(out, (char)(0xe0 | code >> 12));
		} else {
			buf_addc(out, (char)(0xf0 | code >> 18));
			buf_addc(out, (char)(0x80 | (code >> 12 & 0x3f)));
		}
		buf_addc(out, (char)(0x80 | (code >> 6 & 0x3f)));
	}
	buf_addc(out, (char)(0x80 | (code & 0x3f)));
}

/* Whether the text ends before it is known what the second half of a pair is. */
static bool is_torn_pair(const uint8_t *at, const uint8_t *end)
{
	size_t left = (size_t)(end - at);

	return left < 6 && (left < 1 || at[0] == '\\') && (left < 2 || at[1] == 'u');
}

/* \uXXXX behind its u; two of them are one character where they are a pair. Returns its end. */
static const uint8_t *unicode_escape(const uint8_t *at, const uint8_t *end, bool halves,
				     struct buf *out)
{
	int unit = unit_at(at, end), low;
	uint32_t code = (uint32_t)unit;

	if (unit < 0) {
		/* Of one that was cut nothing is left; a wrong one stands as it is. */
		if (end - at < 4)
			return end;
		buf_adds(out, "\\u");
		return at;
	}
	at += 4;
	if (unit >= 0xd800 && unit < 0xdc00) {
		if (is_torn_pair(at, end))
			return end;
		low = end - at >= 6 && at[0] == '\\' && at[1] == 'u' ? unit_at(at + 2, end) : -1;
		code = halves ? code : 0xfffd;
		if (low >= 0xdc00 && low < 0xe000) {
			code = 0x10000 + (((uint32_t)unit - 0xd800) << 10) +
			       ((uint32_t)low - 0xdc00);
			at += 6;
		}
	} else if (unit >= 0xdc00 && unit < 0xe000 && !halves) {
		code = 0xfffd;
	}
	add_code(out, code);
	return at;
}

/* Behind the backslash. */
static const uint8_t *escape(const uint8_t *at, const uint8_t *end, bool halves, struct buf *out)
{
	static const char letters[256] = {
		['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
		['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'
	};

	if (at == end)
		return at;
	if (letters[*at]) {
		buf_addc(out, letters[*at]);
		return at + 1;
	}
	if (*at == 'u')
		return unicode_escape(at + 1, end, halves, out);
	buf_addc(out, '\\');
	return at;
}

/* ---- strings ---- */

/* What is not in the text as it is. */
static bool rewrite(const uint8_t **at, const uint8_t *end, bool halves, struct run run,
		    struct buf *scratch, struct span *ret)
{
	const uint8_t *p = *at;

	buf_reset(scratch);
	for (;;) {
		add_run(scratch, p, run, run.end == end);
		p = run.end;
		if (p == end || *p == '"')
			break;
		p = escape(p + 1, end, halves, scratch);
		run = run_of(p, end);
	}
	*at = p == end ? p : p + 1;
	*ret = buf_span(scratch);
	return p < end;
}

bool json_string_read(const uint8_t **at, const uint8_t *end, bool halves, struct buf *scratch,
		      struct span *ret)
{
	struct run run = run_of(*at, end);
	struct span s = span_of(*at, (size_t)(run.end - *at));

	if (run.end == end || *run.end != '"' || !(run.ascii || utf8_valid(s)))
		return rewrite(at, end, halves, run, scratch, ret);
	*at = run.end + 1;
	*ret = s;
	return true;
}

const uint8_t *json_string_skip(const uint8_t *at, const uint8_t *end)
{
	for (;;) {
		at = run_of(at, end).end;
		if (at == end || *at == '"')
			return at == end ? at : at + 1;
		at = end - at > 2 ? at + 2 : end;
	}
}
