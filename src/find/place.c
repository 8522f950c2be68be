/* SPDX-License-Identifier: MIT */
/* x86's uprobes refuse instructions with a segment prefix or LOCK. Assemblers lengthen instructions
 * with cs prefixes, which mean nothing in 64-bit code, so that branches do not cross a boundary
 * (gas -mbranches-within-32B-boundaries; aws-crt is built so). The instruction is the same without
 * them, and a breakpoint behind them is reached as well. */
#include "find/place.h"

#define SEGMENT_ES 0x26
#define SEGMENT_CS 0x2e
#define SEGMENT_SS 0x36
#define SEGMENT_DS 0x3e
#define OPERAND	   0x66
#define ADDRESS	   0x67
#define LOCK	   0xf0
#define REPNE	   0xf2
#define REP	   0xf3

/* Longer than any instruction. */
#define PREFIXES_MAX 15
#define NOPS_MAX     4

static bool is_segment(uint8_t b)
{
	return b == SEGMENT_ES || b == SEGMENT_CS || b == SEGMENT_SS || b == SEGMENT_DS;
}

static bool is_prefix(uint8_t b)
{
	return is_segment(b) || b == 0x64 || b == 0x65 || b == OPERAND || b == ADDRESS ||
	       b == LOCK || b == REPNE || b == REP;
}

static size_t count_prefixes(struct span code, bool *ret_refused)
{
	size_t n = 0;

	*ret_refused = false;
	while (n < code.len && n < PREFIXES_MAX && is_prefix(code.ptr[n])) {
		*ret_refused |= is_segment(code.ptr[n]) || code.ptr[n] == LOCK;
		n++;
	}
	return n;
}

static size_t count_segments(struct span code)
{
	size_t n = 0;

	while (n < code.len && n < PREFIXES_MAX && is_segment(code.ptr[n]))
		n++;
	return n;
}

/* Length of a long nop, 0f 1f /0, of which the first bytes are prefixes; 0: it is none. */
static size_t nop_length(struct span code, size_t prefixes)
{
	struct span s = span_from(code, prefixes);
	size_t len = 3;
	uint8_t modrm;

	if (s.len < 4 || s.ptr[0] != 0x0f || s.ptr[1] != 0x1f)
		return 0;
	modrm = s.ptr[2];
	if (modrm >> 6 != 3 && (modrm & 7) == 4)
		len++; /* SIB */
	if (modrm >> 6 == 1)
		len += 1;
	if (modrm >> 6 == 2 || (modrm >> 6 == 0 && (modrm & 7) == 5))
		len += 4;
	return s.len < len ? 0 : prefixes + len;
}

/* How far the place is from the beginning of `code`; false: there is none. */
static bool find_place(struct span code, size_t *ret)
{
	size_t at = 0;

	for (unsigned nops = 0; nops < NOPS_MAX; nops++) {
		struct span rest = span_from(code, at);
		bool refused;
		size_t n = count_prefixes(rest, &refused), nop = nop_length(rest, n);

		*ret = at;
		if (!refused)
			return true;
		if (!nop) {
			*ret = at + count_segments(rest);
			count_prefixes(span_from(code, *ret), &refused);
			return !refused && *ret < code.len;
		}
		at += nop;
	}
	return false;
}

uint64_t place_of(const struct image *im, uint64_t addr)
{
	size_t past;

	if (im->machine != EM_X86_64)
		return addr;
	return find_place(image_from(im, addr), &past) ? addr + past : 0;
}
