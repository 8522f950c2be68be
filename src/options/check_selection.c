/* SPDX-License-Identifier: MIT */
/* Selections that cannot be, or have no effect. */
#include <errno.h>
#include <unistd.h>

#include "options/check.h"
#include "proc/cgroup_dir.h"

static int check_users(const struct options *o, struct error *reterr)
{
	for (size_t i = 0; i < o->filter.nusers; i++)
		if (!o->users[i].known)
			return error_set(reterr, -EINVAL,
					 "--user %.60s: no user '%.60s' on this host",
					 o->users[i].name, o->users[i].name);
	return 0;
}

static int check_cgroups(const struct options *o, struct error *reterr)
{
	for (size_t i = 0; i < o->cgroups.count; i++) {
		int fd = cgroup_dir_open(o->cgroups.items[i], reterr);

		if (fd < 0)
			return fd;
		close(fd);
	}
	return 0;
}

/* A recording has whole connections, so that it can be replayed. */
static int check_record(const struct options *o, struct error *reterr)
{
	if (!o->record || o->outputs.count || !o->select.nrows)
		return 0;
	return error_set(reterr, -EINVAL,
			 "--record stores whole connections and cannot select single calls: select "
			 "processes (--pid, --process, --user ...), or select when it is replayed");
}

int options_check_selection(const struct options *o, struct error *reterr)
{
	int err = 0;

	if (o->action != ACTION_REPLAY && !options_view(o)) {
		err = check_users(o, reterr);
		if (!err)
			err = check_cgroups(o, reterr);
	}
	if (!err)
		err = check_record(o, reterr);
	return err ? err : select_check(&o->select, reterr);
}
