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

/* Length of the function of a frame description; 0: unknown. The description has: length, offset of
 * its CIE, beginning relative to this field, length of the function. */
static uint32_t function_length(const struct unwind *u, uint64_t frame, uint64_t begin)
{
	struct span s = image_at(u->im, frame, 16);

	if (!s.len || !le32(s.ptr) || le32(s.ptr) == UINT32_MAX || !le32(s.ptr + 4))
		return 0;
	return frame + 8 + sign_extend(le32(s.ptr + 8), 32) == begin ? le32(s.ptr + 12) : 0;
}

enum unwind_place unwind_place(const struct unwind *u, uint64_t addr)
{
	size_t lo = 0, hi = u->entries.len / ENTRY; /* the first entry after addr is in [lo, hi] */

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (field(u, mid, 0) <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return UNWIND_UNKNOWN;
	if (field(u, lo - 1, 0) == addr)
		return UNWIND_START;
	return addr - field(u, lo - 1, 0) <
			       function_length(u, field(u, lo - 1, 4), field(u, lo - 1, 0))
		       ? UNWIND_INSIDE
		       : UNWIND_UNKNOWN;
}
