/* SPDX-License-Identifier: MIT */
#include "find/finder.h"

#include <assert.h>

#include "find/prefilter.h"

static const struct finder *const finders[] = {
#define FINDER(symbol) &symbol,
#include "find/finders.def"
#undef FINDER
};
#define FINDERS (sizeof(finders) / sizeof(*finders))

bool finding_add(struct finding *f, uint64_t addr, enum probe_program prog, bool at_return)
{
	if (f->nsites == SITES_MAX)
		return false;
	f->sites[f->nsites++] = (struct site){ .addr = addr, .prog = prog, .at_return = at_return };
	return true;
}

/* A prefilter for the signs of all finders. */
struct signing {
	const struct prefilter *signs;
	uint64_t seen, left; /* bit i: the i-th sign; how many bytes may still be searched */
};

static void search_in(void *arg, struct span bytes)
{
	struct signing *s = arg;
	struct span some = span_first(bytes, s->left);

	s->left -= some.len;
	s->seen |= prefilter_search(s->signs, some);
}

/* Whether the linker kept strings apart from code, which is the larger part of most programs. */
static bool strings_are_apart(const struct image *im)
{
	uint64_t addr = 0;

	return image_section(im, ".rodata", &addr).len && !image_is_code(im, addr);
}

/* The signs of all finders, and their bits by finder: 0 where there are none, or no room for all.
 * Returns how many there are. */
static size_t take_signs(const char **strings, uint64_t *bits)
{
	size_t n = 0;

	static_assert(FINDERS <= 64, "one bit for each finder");
	for (size_t i = 0; i < FINDERS; i++) {
		size_t first = n;

		bits[i] = 0;
		for (size_t j = 0; j < FINDER_SIGNS_MAX && finders[i]->signs[j]; j++) {
			if (n == PREFILTER_MAX) {
				bits[i] = 0;
				n = first;
				break;
			}
			strings[n] = finders[i]->signs[j];
			bits[i] |= 1ull << n++;
		}
	}
	return n;
}

/* Finders that have no signs, or whose signs are in the file: bit i for finders[i]. Not every byte
 * is searched: a sparse file may have any size. */
static uint64_t worth_trying(const struct image *im)
{
	const char *strings[PREFILTER_MAX];
	uint64_t of[FINDERS], worth = 0;
	struct signing search = { .left = FINDER_BYTES_MAX };
	bool apart = strings_are_apart(im);
	struct prefilter *s = prefilter_new(strings, take_signs(strings, of));

	search.signs = s;
	image_symbol_names(im, search_in, &search);
	for (size_t i = 0; i < im->nsegments; i++)
		if (!im->segments[i].executable || !apart)
			search_in(&search, span_of(im->file.ptr + im->segments[i].offset,
						   im->segments[i].size));
	prefilter_free(s);
	for (size_t i = 0; i < FINDERS; i++)
		worth |= !of[i] || of[i] & search.seen ? 1ull << i : 0;
	return worth;
}

static bool is_done_by(const struct finder *f, const struct finder *other)
{
	return strcmp(other->group, f->group) == 0 ||
	       (f->guess && !other->guess && f->family && other->family &&
		strcmp(other->family, f->family) == 0);
}

size_t find_all(const struct image *im, finding_fn fn, void *arg)
{
	uint64_t worth = worth_trying(im);
	const struct finder *had[FINDERS];
	size_t n = 0, found = 0;

	for (size_t i = 0; i < FINDERS; i++) {
		struct finding f = { 0 };
		size_t k = 0;

		while (k < n && !is_done_by(finders[i], had[k]))
			k++;
		if (k < n || !(worth >> i & 1))
			continue;
		finders[i]->find(im, &f);
		if (!f.implementation || (!f.nsites && !f.problem))
			continue;
		found += f.nsites != 0;
		if (f.nsites && !f.partial)
			had[n++] = finders[i];
		fn(arg, finders[i], &f);
	}
	return found;
}

const char *finder_name(size_t i)
{
	return i < FINDERS ? finders[i]->name : NULL;
}
