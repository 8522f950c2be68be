/* SPDX-License-Identifier: MIT */
/* arm64 code, one word per instruction. Source: Arm Architecture Reference Manual for A-profile,
 * section C6.2. */
#include "find/code_int.h"

#define WORD 4
/* Greatest distance between instructions that belong together. */
#define PAIR_MAX 8

static bool is_bl(uint32_t w)
{
	return w >> 26 == 0x25;
}

static bool is_b(uint32_t w)
{
	return w >> 26 == 0x05;
}

static uint64_t branch_target(uint64_t addr, uint32_t w)
{
	return addr + WORD * sign_extend(w, 26);
}

static uint64_t adrp_page(uint64_t addr, uint32_t w)
{
	uint64_t pages = (w >> 5 & 0x7ffff) << 2 | (w >> 29 & 3);

	return (addr & ~(uint64_t)0xfff) + (sign_extend(pages, 21) << 12);
}

/* The ADD of the low 12 bits that completes the ADRP at word `i`; 0: none. */
static uint64_t find_add(const uint8_t *base, uint64_t words, uint64_t i, uint64_t low)
{
	uint32_t reg = le32(base + i * WORD) & 31;

	for (uint64_t j = i + 1; j < words && j < i + PAIR_MAX; j++) {
		uint32_t w = le32(base + j * WORD);

		if ((w & 0xffc00000) == 0x91000000 && (w >> 5 & 31) == reg &&
		    (w >> 10 & 0xfff) == low)
			return j;
	}
	return 0;
}

static void find_refs(struct code *c, const struct image_segment *s)
{
	const uint8_t *base = c->im->file.ptr + s->offset;
	uint64_t words = s->size / WORD;

	for (uint64_t i = 0; i < words; i++) {
		uint32_t w = le32(base + i * WORD);
		uint64_t page;

		if ((w & 0x9f000000) != 0x90000000)
			continue;
		page = adrp_page(s->addr + i * WORD, w);
		for (size_t k = 0; k < c->nstrings; k++) {
			uint64_t add;

			if (page != (c->strings[k] & ~(uint64_t)0xfff))
				continue;
			add = find_add(base, words, i, c->strings[k] & 0xfff);
			if (add && !code_add_ref(c, s->addr + add * WORD, c->strings[k]))
				return;
		}
	}
}

static void find_starts(struct code *c, const struct image_segment *s)
{
	const uint8_t *base = c->im->file.ptr + s->offset;

	for (uint64_t i = 0; i < s->size / WORD; i++) {
		uint32_t w = le32(base + i * WORD);
		uint64_t to;

		if (!is_bl(w) && !is_b(w))
			continue;
		to = branch_target(s->addr + i * WORD, w);
		if (to < s->addr || to - s->addr >= s->size || !code_is_near(c, to))
			continue;
		if (is_bl(w))
			code_add_start(c, to, WORD);
		else
			code_add_jumped_to(c, to, WORD);
	}
}

/* MOVZ Wd,#value */
static bool has_constant(struct span code, uint32_t value)
{
	for (size_t i = 0; i + WORD <= code.len; i += WORD) {
		uint32_t w = le32(code.ptr + i);

		if ((w & 0xffe00000) == 0x52800000 && (w >> 5 & 0xffff) == value)
			return true;
	}
	return false;
}

static bool has_call(struct span code, uint64_t addr, uint64_t to)
{
	for (size_t i = 0; i + WORD <= code.len; i += WORD) {
		uint32_t w = le32(code.ptr + i);

		if ((is_bl(w) || is_b(w)) && branch_target(addr + i, w) == to)
			return true;
	}
	return false;
}

/* For a 64-bit store: the load that matches it, and the bits of that load other than its registers
 * (LDR for STR, LDP for STP). False: no such store, or a store to the stack, by sp (31) or the
 * frame pointer (29). */
static bool load_of_store(uint32_t w, uint32_t *ret_load, uint32_t *ret_mask)
{
	uint32_t kind = w & 0xffc00000, base = w >> 5 & 31;

	if ((kind != 0xf9000000 && kind != 0xa9000000) || base == 31 || base == 29)
		return false;
	*ret_mask = kind == 0xf9000000 ? 0xffffffe0 : 0xffff83e0;
	*ret_load = (w | 0x00400000) & *ret_mask;
	return true;
}

/* A store to an address that was loaded from shortly before. */
static bool has_update(struct span code)
{
	for (size_t i = 0; i + WORD <= code.len; i += WORD) {
		uint32_t load, mask;

		if (!load_of_store(le32(code.ptr + i), &load, &mask))
			continue;
		for (size_t back = WORD; back <= i && back <= PAIR_MAX * WORD; back += WORD)
			if ((le32(code.ptr + i - back) & mask) == load)
				return true;
	}
	return false;
}

const struct isa isa_aarch64 = {
	.machine = EM_AARCH64,
	.refs = find_refs,
	.starts = find_starts,
	.constant = has_constant,
	.calls = has_call,
	.updates = has_update,
};
