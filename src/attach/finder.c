/* SPDX-License-Identifier: MIT */
#include "attach/finder.h"

static const struct finder *const finders[] = {
#define FINDER(symbol) &symbol,
#include "attach/finders.def"
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

size_t find_all(const struct image *im, finding_fn fn, void *arg)
{
	const char *groups[FINDERS];
	size_t found = 0;

	for (size_t i = 0; i < FINDERS; i++) {
		struct finding f = { 0 };
		size_t g = 0;

		while (g < found && strcmp(groups[g], finders[i]->group) != 0)
			g++;
		if (g < found)
			continue;
		finders[i]->find(im, &f);
		if (!f.implementation || (!f.nsites && !f.problem))
			continue;
		if (f.nsites)
			groups[found++] = finders[i]->group;
		fn(arg, finders[i], &f);
	}
	return found;
}
