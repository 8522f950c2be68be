/* SPDX-License-Identifier: MIT */
#include "find/error_sites.h"

static void collect(struct error_sites *r, const uint32_t *numbers, size_t count)
{
	for (size_t i = 0; i < r->code.nrefs && r->nfns < ERROR_SITES_MAX; i++) {
		struct error_site *f = &r->fns[r->nfns];

		f->f = code_function(&r->code, r->code.refs[i].at);
		/* Refs are sorted, so those of one function are adjacent. */
		if (!f->f.code.len || (r->nfns && f[-1].f.addr == f->f.addr))
			continue;
		f->numbers = code_constants(&r->code, &f->f, numbers, count);
		r->nfns++;
	}
}

bool error_sites_open(struct error_sites *r, const struct image *im, const char *file, char more,
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

void error_sites_close(struct error_sites *r)
{
	code_close(&r->code);
}

bool error_site_has(const struct error_site *f, unsigned all)
{
	return (f->numbers & all) == all;
}

const struct error_site *error_sites_only(const struct error_sites *r, unsigned all)
{
	const struct error_site *found = NULL;

	for (size_t i = 0; i < r->nfns; i++) {
		if (!error_site_has(&r->fns[i], all))
			continue;
		if (found)
			return NULL;
		found = &r->fns[i];
	}
	return found;
}
