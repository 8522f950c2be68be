/* SPDX-License-Identifier: MIT */
/* Which processes are traced. */
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>

#include "base/xalloc.h"
#include "options/read.h"

int read_pid(struct options *o, const char *arg, struct error *reterr)
{
	unsigned long n;

	if (read_number(arg, INT_MAX, &n) || n == 0)
		return error_set(reterr, -EINVAL,
				 "expected the number of a process (by name: --process %s)", arg);
	o->pids = xgrow(o->pids, o->filter.npids, sizeof(*o->pids));
	o->pids[o->filter.npids++] = (pid_t)n;
	o->filter.pids = o->pids;
	return 0;
}

int read_uid(struct options *o, const char *arg, struct error *reterr)
{
	unsigned long n = 0;
	const struct passwd *pw = NULL;

	if (read_number(arg, UINT32_MAX, &n) != 0) {
		pw = getpwnam(arg);
		if (!pw)
			return error_set(reterr, -EINVAL,
					 "no user '%.60s' on this host (use a number for a "
					 "recording made elsewhere)",
					 arg);
		n = pw->pw_uid;
	}
	o->filter.has_uid = true;
	o->filter.uid = (uint32_t)n;
	return 0;
}

int read_process(struct options *o, const char *arg, struct error *reterr)
{
	names_add(&o->processes, arg);
	o->filter.names = o->processes.items;
	o->filter.nnames = o->processes.count;
	return 0;
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
