/* SPDX-License-Identifier: MIT */
#include "find/string_sites.h"

struct strings {
	uint64_t addrs[CODE_STRINGS_MAX];
	struct string_site *of[CODE_STRINGS_MAX];
	size_t count;
};

static bool add_string(struct strings *all, const struct image *im, struct string_site *site)
{
	uint64_t found[CODE_STRINGS_MAX];
	size_t n = code_strings(im, site->string, found);

	site->f = (struct code_function){ 0 };
	site->several = false;
	for (size_t i = 0; i < n && all->count < CODE_STRINGS_MAX; i++) {
		all->of[all->count] = site;
		all->addrs[all->count++] = found[i];
	}
	return n > 0;
}

static void note(const struct strings *all, uint64_t string, struct code_function f)
{
	for (size_t i = 0; i < all->count; i++) {
		struct string_site *s = all->of[i];

		if (all->addrs[i] != string)
			continue;
		s->several |= s->f.code.len && s->f.addr != f.addr;
		s->f = f;
		return;
	}
}

bool string_sites_open(struct code *c, const struct image *im, struct string_site *s, size_t count)
{
	struct strings all = { 0 };

	*c = (struct code){ 0 };
	for (size_t i = 0; i < count && i < STRING_SITES_MAX; i++)
		if (!add_string(&all, im, &s[i]) && s[i].needed)
			return false;
	if (!code_open(c, im, all.addrs, all.count))
		return false;
	for (size_t i = 0; i < c->nrefs; i++) {
		struct code_function f = code_function(c, c->refs[i].at);

		if (f.code.len)
			note(&all, c->refs[i].to, f);
	}
	return true;
}

bool string_site_found(const struct string_site *s)
{
	return s->f.code.len && !s->several;
}

bool string_site_loads(const struct code *c, const struct string_site *s, uint32_t number)
{
	return string_site_found(s) && code_constants(c, &s->f, &number, 1);
}
