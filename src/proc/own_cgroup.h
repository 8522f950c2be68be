/* SPDX-License-Identifier: MIT */
/* A cgroup for one command and all that it starts, below our own. Source: cgroups(7). */
#ifndef SPY_PROC_OWN_CGROUP_H
#define SPY_PROC_OWN_CGROUP_H

#include <sys/types.h>

#include "base/error.h"

struct own_cgroup {
	char *path; /* NULL: none */
	int fd;
};

/* Also removes those that earlier runs could not remove. */
int own_cgroup_make(struct own_cgroup *ret, struct error *reterr);
int own_cgroup_add(const struct own_cgroup *c, pid_t pid, struct error *reterr);
/* What still runs in it keeps it until a later run. Accepts one that was not made. */
void own_cgroup_remove(struct own_cgroup *c);

#endif
