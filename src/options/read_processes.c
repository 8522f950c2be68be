/* SPDX-License-Identifier: MIT */
/* Which processes are traced, or shown of a recording. */
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>

#include "base/comma.h"
#include "base/xalloc.h"
#include "options/read.h"
#include "proc/cgroup_dir.h"

/* Names may have blanks in them. */
#define NAMES_APART   ",\n"
#define NUMBERS_APART ", \t\r\n"

static int refuse_empty(const char *what, struct error *reterr)
{
	return error_set(reterr, -EINVAL, "no %s is given", what);
}

/* ---- numbers ---- */

static int add_pid(struct options *o, const char *text, struct error *reterr)
{
	unsigned long n;

	if (read_number(text, INT_MAX, &n) || n == 0)
		return error_set(reterr, -EINVAL,
				 "expected the number of a process (by name: --process %.100s)",
				 text);
	o->pids = xgrow(o->pids, o->filter.npids, sizeof(*o->pids));
	o->pids[o->filter.npids++] = (pid_t)n;
	o->filter.pids = o->pids;
	return 0;
}

int read_pid(struct options *o, const char *arg, struct error *reterr)
{
	struct span rest = span_str(arg), one;
	size_t before = o->filter.npids;
	int err = 0;

	while (!err && comma_next(&rest, NUMBERS_APART, &one)) {
		AUTO_FREE char *text = xstrndup((const char *)one.ptr, one.len);

		err = add_pid(o, text, reterr);
	}
	/* As of $(pgrep NAME) when there is none: not the same as to trace everything. */
	return err || o->filter.npids > before ? err : refuse_empty("process", reterr);
}

/* ---- names ---- */

static int add_names(struct own_names *n, const char *arg, const char *what, struct error *reterr)
{
	struct span rest = span_str(arg), one;
	size_t before = n->count;

	while (comma_next(&rest, NAMES_APART, &one)) {
		n->items = xgrow(n->items, n->count, sizeof(*n->items));
		n->items[n->count++] = xstrndup((const char *)one.ptr, one.len);
	}
	return n->count > before ? 0 : refuse_empty(what, reterr);
}

int read_process(struct options *o, const char *arg, struct error *reterr)
{
	int err = add_names(&o->processes, arg, "name", reterr);

	o->filter.names = (const char *const *)o->processes.items;
	o->filter.nnames = o->processes.count;
	return err;
}

int read_container(struct options *o, const char *arg, struct error *reterr)
{
	int err = add_names(&o->containers, arg, "container", reterr);

	o->filter.containers = (const char *const *)o->containers.items;
	o->filter.ncontainers = o->containers.count;
	return err;
}

int read_unit(struct options *o, const char *arg, struct error *reterr)
{
	int err = add_names(&o->units, arg, "unit", reterr);

	o->filter.units = (const char *const *)o->units.items;
	o->filter.nunits = o->units.count;
	return err;
}

/* A directory's name may have a comma in it, so this is no list. */
int read_cgroup(struct options *o, const char *arg, struct error *reterr)
{
	if (o->filter.ncgroups == FILTER_CGROUPS_MAX)
		return error_set(reterr, -E2BIG, "at most %d may be given", FILTER_CGROUPS_MAX);
	names_add(&o->cgroups, arg);
	o->cgroup_paths.items =
		xgrow(o->cgroup_paths.items, o->cgroup_paths.count, sizeof(*o->cgroup_paths.items));
	o->cgroup_paths.items[o->cgroup_paths.count++] = cgroup_dir_path(arg);
	o->filter.cgroups = (const char *const *)o->cgroup_paths.items;
	o->filter.ncgroups = o->cgroup_paths.count;
	return 0;
}

/* ---- users ---- */

static void add_user(struct options *o, struct span one)
{
	AUTO_FREE char *name = xstrndup((const char *)one.ptr, one.len);
	struct filter_user *user;
	unsigned long n = 0;

	o->users = xgrow(o->users, o->filter.nusers, sizeof(*o->users));
	user = &o->users[o->filter.nusers++];
	o->filter.users = o->users;
	user->known = read_number(name, UINT32_MAX, &n) == 0;
	if (!user->known) {
		const struct passwd *pw = getpwnam(name);

		user->known = pw != NULL;
		n = pw ? pw->pw_uid : 0;
		user->name = name;
		name = NULL;
	}
	user->uid = (uint32_t)n;
}

/* A name that is not known here may be known in a recording: options_check_processes(). */
int read_user(struct options *o, const char *arg, struct error *reterr)
{
	struct span rest = span_str(arg), one;
	size_t before = o->filter.nusers;

	while (comma_next(&rest, NAMES_APART, &one))
		add_user(o, one);
	return o->filter.nusers > before ? 0 : refuse_empty("user", reterr);
}

/* As the kernel compares it: 15 characters, and no character that ends a constant in C. */
int read_comm(struct options *o, const char *arg, struct error *reterr)
{
	o->comm = arg;
	if (strlen(arg) > 15 || strpbrk(arg, "'\"\\\n"))
		return error_set(reterr, -EINVAL,
				 "a thread's name has at most 15 characters, and here no quotes "
				 "or backslashes");
	return 0;
}
