/* SPDX-License-Identifier: MIT */
/* Files that processes have mapped as code. Sources: proc_pid_maps(5), proc_pid_map_files(5). */
#ifndef SPY_PROC_MAPS_H
#define SPY_PROC_MAPS_H

#include <stdbool.h>
#include <sys/types.h>

/* path opens this very file and may lead through /proc; name is its path as the process sees it. */
typedef void (*mapping_fn)(void *arg, const char *path, const char *name);

/* Calls fn for each file with code mapped. 0, or -errno: the process is gone, or may not be
 * inspected. */
int maps_each(pid_t pid, mapping_fn fn, void *arg);

/* The inodes of all files that a process has mapped in any way, possibly several times each.
 * Returns as maps_each. */
int maps_inodes(pid_t pid, void (*fn)(void *arg, unsigned long ino), void *arg);

#endif
