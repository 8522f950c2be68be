/* SPDX-License-Identifier: MIT */
/* Mounts of a mount namespace, from the text of /proc/PID/mountinfo (proc_pid_mountinfo(5)), and
 * which of them may be held at the gate. Pure. */
#ifndef SPY_HOLD_MOUNTS_H
#define SPY_HOLD_MOUNTS_H

#include <limits.h>
#include <stdbool.h>

struct mount {
	unsigned id;	       /* of the mount */
	unsigned major, minor; /* of the file system's device */
	char path[PATH_MAX];   /* relative to the root of the process; "/" for that */
	char type[64];	       /* of the file system */
	bool shared;	       /* what is mounted below it is seen in other namespaces */
};

/* False: the line is none of such a file. */
bool mounts_read_line(const char *line, struct mount *ret);
/* Whether programs stand on such a file system, and root may open each file of it that somebody
 * else may: the kernel opens each held file for the gate as well, and refuses the open where it
 * cannot. So file systems of other hosts and of FUSE, which may refuse root, are left alone. */
bool mounts_may_hold(const struct mount *m);

#endif
