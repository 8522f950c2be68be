/* SPDX-License-Identifier: MIT */
#include "find/unwind.h"

#include "find/bytes.h"

/* Supports .eh_frame_hdr version 1 with a 4-byte count and pairs of signed 4-byte numbers relative
 * to the header, as linkers write it. Other encodings count as no table. */
#define HDR_VERSION	 1
#define COUNT_U4	 0x03
#define TABLE_S4_DATAREL 0x3b
#define HEADER		 12
#define ENTRY		 8

void unwind_open(struct unwind *u, const struct image *im)
{
	struct span s = image_section(im, ".eh_frame_hdr", &u->base);
	uint32_t count;

	u->im = im;
	u->entries = span_of(NULL, 0);
	if (s.len < HEADER || s.ptr[0] != HDR_VERSION || s.ptr[2] != COUNT_U4 ||
	    s.ptr[3] != TABLE_S4_DATAREL)
		return;
	count = le32(s.ptr + 8);
	s = span_from(s, HEADER);
	if (count <= s.len / ENTRY)
		u->entries = span_first(s, (size_t)count * ENTRY);
}

static uint64_t field(const struct unwind *u, size_t entry, size_t at)
{
	return u->base + sign_extend(le32(u->entries.ptr + entry * ENTRY + at), 32);
}

/* The description has: length, offset of its CIE, beginning relative to this field, length of the
 * function. */
#define DESCRIPTION 16

/* Length of the function of a frame description; 0: unknown. */
static uint32_t function_length(const struct unwind *u, uint64_t frame, uint64_t begin)
{
	struct span s = image_at(u->im, frame, DESCRIPTION);

	if (!s.len || !le32(s.ptr) || le32(s.ptr) == UINT32_MAX || !le32(s.ptr + 4))
		return 0;
	return frame + 8 + sign_extend(le32(s.ptr + 8), 32) == begin ? le32(s.ptr + 12) : 0;
}

/* Number of entries that begin at the address or before it. */
static size_t entries_to(const struct unwind *u, uint64_t addr)
{
	size_t lo = 0, hi = u->entries.len / ENTRY; /* the first entry after addr is in [lo, hi] */

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (field(u, mid, 0) <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

enum unwind_place unwind_place(const struct unwind *u, uint64_t addr)
{
	size_t n = entries_to(u, addr);

	if (!n)
		return UNWIND_UNKNOWN;
	if (field(u, n - 1, 0) == addr)
		return UNWIND_START;
	return addr - field(u, n - 1, 0) <
			       function_length(u, field(u, n - 1, 4), field(u, n - 1, 0))
		       ? UNWIND_INSIDE
		       : UNWIND_UNKNOWN;
}

/* Address of the description of what begins at `addr`; 0: there is none. */
static uint64_t description_of(const struct unwind *u, uint64_t addr)
{
	size_t n = entries_to(u, addr);

	return n && field(u, n - 1, 0) == addr ? field(u, n - 1, 4) : 0;
}

uint64_t unwind_end(const struct unwind *u, uint64_t addr)
{
	uint64_t frame = description_of(u, addr);
	uint32_t len = frame ? function_length(u, frame, addr) : 0;

	return len ? addr + len : 0;
}

/* DW_CFA_nop, DW_CFA_advance_loc with its operand in the opcode, in one byte, in two. */
static bool leaves_frame_alone(uint8_t opcode)
{
	return opcode == 0 || opcode >> 6 == 1 || opcode == 2 || opcode == 3;
}

bool unwind_is_entered(const struct unwind *u, uint64_t addr)
{
	uint64_t frame = description_of(u, addr);
	struct cursor c = { .rest = frame ? image_from(u->im, frame) : span_of(NULL, 0) };
	uint64_t augmentation;

	if (!frame || !function_length(u, frame, addr))
		return false;
	cursor_take(&c, DESCRIPTION);
	augmentation = cursor_le(&c, 1); /* LEB128 of a small number */
	cursor_take(&c, (size_t)augmentation);
	return augmentation < 0x80 && leaves_frame_alone((uint8_t)cursor_le(&c, 1)) && !c.bad;
}
