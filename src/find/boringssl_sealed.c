/* SPDX-License-Identifier: MIT */
/* In BoringSSL itself, only tls_record.cc raises the reason OUTPUT_ALIASES_INPUT. A function of
 * s3_pkt.cc that raises it, and an internal error, is the one; two of the kind are none. It begins
 * where a jump from outside leads. */
#include "find/boringssl_sealed.h"

#include "find/bytes.h"
#include "find/code.h"

#define JUMP	   0xe9
#define JUMP_BYTES 5
#define REFS_MAX   64 /* s3_pkt.cc has some 15 */
#define BEFORE_REF 24 /* an error's reason is loaded at most so far from its file's name */
#define AFTER_REF  32
#define R_INTERNAL 1
#define R_ALIASES  2
#define PACKED(n)  (16u << 24 | (n)) /* as in find_boringssl.c */

static const uint32_t reasons[] = { 68, 189, PACKED(68), PACKED(189) };

struct search {
	struct code code;
	uint64_t begins[REFS_MAX]; /* by ref: of its function, 0: unknown */
	size_t nrefs;
};

/* push rbp; mov rbp, rsp after another function or padding: without unwind tables, functions that
 * begin otherwise are not found. */
static bool begins_function(const struct search *s, uint64_t addr)
{
	static const uint8_t frame[] = { 0x55, 0x48, 0x89, 0xe5 };
	enum unwind_place place = unwind_place(&s->code.unwind, addr);

	if (place != UNWIND_UNKNOWN)
		return place == UNWIND_START;
	return addr % 16 == 0 &&
	       span_starts(image_from(s->code.im, addr), span_of(frame, sizeof(frame)));
}

/* A jump at `from` leads to `to`. */
static void note_jump(struct search *s, uint64_t from, uint64_t to)
{
	for (size_t i = 0; i < s->nrefs; i++) {
		uint64_t at = s->code.refs[i].at;

		if (to > at || at - to >= CODE_FUNCTION_MAX || to <= s->begins[i] ||
		    (from >= to && from <= at) || !begins_function(s, to))
			continue;
		s->begins[i] = to;
	}
}

static void find_jumps(struct search *s, const struct image_segment *seg)
{
	const uint8_t *base = s->code.im->file.ptr + seg->offset, *end = base + seg->size;
	uint64_t lo = s->code.refs[0].at - CODE_FUNCTION_MAX, hi = s->code.refs[s->nrefs - 1].at;

	for (const uint8_t *p = base; end - p >= JUMP_BYTES; p++) {
		uint64_t from, to;

		p = memchr(p, JUMP, (size_t)(end - p) - (JUMP_BYTES - 1));
		if (!p)
			return;
		from = seg->addr + (uint64_t)(p - base);
		to = from + JUMP_BYTES + sign_extend(le32(p + 1), 32);
		if (to - lo <= hi - lo)
			note_jump(s, from, to);
	}
}

/* Which reasons are raised with the file's name of a ref. */
static unsigned raised(const struct search *s, size_t ref)
{
	uint64_t from = s->code.refs[ref].at - BEFORE_REF;
	struct code_function near = { .addr = from,
				      .code = image_at(s->code.im, from, BEFORE_REF + AFTER_REF) };
	unsigned have =
		code_constants(&s->code, &near, reasons, sizeof(reasons) / sizeof(*reasons));

	return (have | have >> 2) & (R_INTERNAL | R_ALIASES);
}

/* The beginning of the only function with both; 0: there is none. */
static uint64_t identify(const struct search *s)
{
	uint64_t found = 0;

	for (size_t i = 0; i < s->nrefs; i++) {
		unsigned have = 0;

		for (size_t j = 0; j < s->nrefs; j++)
			if (s->begins[i] && s->begins[j] == s->begins[i])
				have |= raised(s, j);
		if (have != (R_INTERNAL | R_ALIASES) || s->begins[i] == found)
			continue;
		if (found)
			return 0;
		found = s->begins[i];
	}
	return found;
}

void boringssl_sealed_add(const struct image *im, struct finding *ret)
{
	uint64_t near = ret->nsites ? ret->sites[0].addr : 0;
	struct image_segment part;
	uint64_t strings[CODE_STRINGS_MAX], seal = 0;
	struct search s = { 0 };
	size_t n;

	if (im->machine != EM_X86_64)
		return;
	n = code_strings_ending(im, "ssl/s3_pkt.c", 'c', strings);
	if (code_open_near(&s.code, im, strings, n, near) && s.code.nrefs <= REFS_MAX) {
		s.nrefs = s.code.nrefs;
		for (size_t i = 0; i < im->nsegments; i++)
			if (code_vicinity(&im->segments[i], near, &part))
				find_jumps(&s, &part);
		seal = identify(&s);
	}
	code_close(&s.code);
	if (!seal)
		return;
	finding_add(ret, seal, PROG_SEAL, false);
	finding_add(ret, seal, PROG_SEAL_RETURN, true);
}
