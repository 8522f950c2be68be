/* SPDX-License-Identifier: MIT */
#include "find/error_sites.h"

static void collect(struct raisers *r, const uint32_t *numbers, size_t count)
{
	for (size_t i = 0; i < r->code.nrefs && r->nfns < RAISERS_MAX; i++) {
		struct raiser *f = &r->fns[r->nfns];

		f->f = code_function(&r->code, r->code.refs[i].at);
		/* Refs are in order, so those of one function follow each other. */
		if (!f->f.code.len || (r->nfns && f[-1].f.addr == f->f.addr))
			continue;
		f->numbers = code_constants(&r->code, &f->f, numbers, count);
		r->nfns++;
	}
}

bool raisers_open(struct raisers *r, const struct image *im, const char *file, char more,
		  const uint32_t *numbers, size_t count)
{
	uint64_t strings[CODE_STRINGS_MAX];
	size_t n = code_strings_ending(im, file, more, strings);

	r->nfns = 0;
	if (!code_open(&r->code, im, strings, n))
		return false;
	collect(r, numbers, count);
	return true;
}

void raisers_close(struct raisers *r)
{
	code_close(&r->code);
}

bool raiser_has(const struct raiser *f, unsigned all)
{
	return (f->numbers & all) == all;
}

const struct raiser *raisers_only(const struct raisers *r, unsigned all)
{
	const struct raiser *found = NULL;

	for (size_t i = 0; i < r->nfns; i++) {
		if (!raiser_has(&r->fns[i], all))
			continue;
		if (found)
			return NULL;
		found = &r->fns[i];
	}
	return found;
}
