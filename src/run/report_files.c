/* SPDX-License-Identifier: MIT */
#include "run/report_files.h"

#include "base/xalloc.h"

/* Those that somebody could not be seen for, in whole or in part. */
static bool is_worth_a_line(const struct target *t)
{
	return (t->named || t->mapped) && (!t->links.hooked || t->links.problem);
}

void report_add_files(struct run_report *r, const struct target_list *l, bool every)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct target *t = &l->items[i];

		if (!t->tls || t->changed)
			continue;
		if (!every && !is_worth_a_line(t))
			continue;
		r->files = xgrow(r->files, r->nfiles, sizeof(*r->files));
		r->files[r->nfiles++] = (struct report_file){ .hooked = t->links.hooked,
							      .name = t->name,
							      .found = t->found,
							      .problem = t->links.problem };
	}
}
