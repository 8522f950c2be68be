/* SPDX-License-Identifier: MIT */
/* Names of containers and pods, from the files that their runtimes leave on the host. */
#ifndef SPY_PROC_CONTAINERS_H
#define SPY_PROC_CONTAINERS_H

#include <sys/types.h>

#include "capture/cgroup_path.h"

struct container_names {
	char name[256]; /* "": not known */
	char pod[512];	/* "namespace/name", else the pod's uid; "": in none */
};

/* root: of the host's files, "" or a directory. uid: of a process in the container; where Podman
 * runs without root, its files are in that user's home. */
void container_names_find(const char *root, const struct cgroup_place *place, uid_t uid,
			  struct container_names *ret);

#endif
