/* SPDX-License-Identifier: MIT */
#include "find/prefilter.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "find/bytes.h"

#define PAIRS 65536

struct prefilter {
	struct span strings[PREFILTER_MAX];
	uint32_t first[PREFILTER_MAX]; /* their first four bytes */
	size_t count, shortest;
	/* Indexed by the last two bytes of a window of `shortest` bytes: how far the window may
	 * advance without skipping the beginning of a string; 0: a string may begin here. */
	uint8_t skip[PAIRS];
};

static unsigned pair_at(const uint8_t *p)
{
	return p[0] | (unsigned)p[1] << 8;
}

static void note_pairs(struct prefilter *s, struct span string)
{
	for (size_t end = 2; end <= s->shortest; end++) {
		uint8_t *skip = &s->skip[pair_at(string.ptr + end - 2)];
		size_t left = s->shortest - end;

		if (left < *skip)
			*skip = (uint8_t)left;
	}
}

struct prefilter *prefilter_new(const char *const *strings, size_t count)
{
	struct prefilter *s = xcalloc(1, sizeof(*s));

	s->shortest = 128; /* the largest skip that fits 8 bits */
	for (size_t i = 0; i < count && i < PREFILTER_MAX; i++) {
		struct span string = span_str(strings[i]);

		if (string.len < PREFILTER_LEN_MIN)
			continue;
		s->strings[i] = string;
		s->first[i] = le32(string.ptr);
		s->count = i + 1;
		if (string.len < s->shortest)
			s->shortest = string.len;
	}
	memset(s->skip, (int)(s->shortest - 1), sizeof(s->skip));
	for (size_t i = 0; i < s->count; i++)
		if (s->strings[i].len)
			note_pairs(s, s->strings[i]);
	return s;
}

void prefilter_free(struct prefilter *s)
{
	free(s);
}

static uint64_t all_of(const struct prefilter *s)
{
	uint64_t all = 0;

	for (size_t i = 0; i < s->count; i++)
		all |= s->strings[i].len ? 1ull << i : 0;
	return all;
}

/* Those that `bytes` begin with. */
static uint64_t all_here(const struct prefilter *s, struct span bytes)
{
	uint32_t first = le32(bytes.ptr);
	uint64_t found = 0;

	for (size_t i = 0; i < s->count; i++)
		if (s->first[i] == first && s->strings[i].len && span_starts(bytes, s->strings[i]))
			found |= 1ull << i;
	return found;
}

uint64_t prefilter_search(const struct prefilter *s, struct span bytes)
{
	uint64_t all = all_of(s), found = 0;
	size_t at = 0;

	while (found != all && bytes.len - at >= s->shortest) {
		size_t skip = s->skip[pair_at(bytes.ptr + at + s->shortest - 2)];

		if (!skip)
			found |= all_here(s, span_from(bytes, at));
		at += skip ? skip : 1;
	}
	return found;
}
