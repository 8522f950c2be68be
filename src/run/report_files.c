/* SPDX-License-Identifier: MIT */
#include "run/report_files.h"

#include "base/xalloc.h"

/* Those that the user named or that somebody is known to have used, and those that somebody could
 * not be seen for. */
static bool is_worth_a_line(const struct target *t)
{
	return t->named || (t->links.hooked ? t->used : t->mapped);
}

void report_add_files(struct run_report *r, const struct target_list *l, bool every)
{
	r->files_hooked = target_count_hooked(l);
	for (size_t i = 0; i < l->count; i++) {
		const struct target *t = &l->items[i];

		if (!t->tls || t->changed)
			continue;
		if (!every && !is_worth_a_line(t)) {
			r->files_more += t->links.hooked;
			continue;
		}
		r->files = xgrow(r->files, r->nfiles, sizeof(*r->files));
		r->files[r->nfiles++] = (struct report_file){ .hooked = t->links.hooked,
							      .name = t->name,
							      .found = t->found,
							      .problem = t->links.problem };
	}
}
