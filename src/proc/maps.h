/* SPDX-License-Identifier: MIT */
/* What processes have mapped as code. Sources: proc_pid_maps(5), proc_pid_map_files(5). */
#ifndef SPY_PROC_MAPS_H
#define SPY_PROC_MAPS_H

#include <stdbool.h>
#include <sys/types.h>

/* path opens the very file, and may lead through /proc; name is its path as the process has it. */
typedef void (*mapping_fn)(void *arg, const char *path, const char *name);

/* Calls fn for each file of which code is mapped. 0, or -errno: the process is gone, or not ours.
 */
int maps_each(pid_t pid, mapping_fn fn, void *arg);

/* The inodes of all files that a process maps in any way, several times each perhaps. As maps_each.
 */
int maps_inodes(pid_t pid, void (*fn)(void *arg, unsigned long ino), void *arg);

#endif
