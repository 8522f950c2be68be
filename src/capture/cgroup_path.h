/* SPDX-License-Identifier: MIT */
/* What a control group's path tells of a process: the container, the pod of Kubernetes and
 * systemd's unit. Pure. Sources: cgroups(7), systemd.special(7), and the paths that runc, crun,
 * containerd, Podman, CRI-O, kubelet and LXC make. */
#ifndef SPY_CAPTURE_CGROUP_PATH_H
#define SPY_CAPTURE_CGROUP_PATH_H

#include "base/span.h"

/* Borrowed from the path; empty where it does not tell. */
struct cgroup_place {
	struct span runtime; /* "docker", "podman", "containerd", "crio", "lxc", "nspawn",
			      * "kubernetes": a container of one that is not told; "container": of
			      * an unknown runtime. Static. */
	struct span id;	     /* of the container, hex; of the innermost one */
	struct span name;    /* where the runtime names the group by it */
	struct span pod;     /* its uid; parts may be separated by "_" */
	struct span unit;    /* the innermost service or scope that is no container's */
};

/* The path in /proc/PID/cgroup: that of version 2, else of systemd's own hierarchy, else the
 * longest. Borrowed. */
struct span cgroup_path(struct span file);
/* That of version 2 alone; empty: there is none. */
struct span cgroup_path_v2(struct span file);
struct cgroup_place cgroup_place(struct span path);

#endif
