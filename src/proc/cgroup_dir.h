/* SPDX-License-Identifier: MIT */
/* Directories of cgroup v2, as people name them. Source: cgroups(7). */
#ifndef SPY_PROC_CGROUP_DIR_H
#define SPY_PROC_CGROUP_DIR_H

#include <stdint.h>

#include "base/error.h"

/* Where cgroup v2 is mounted; NULL: nowhere. The caller frees it. */
char *cgroup_dir_mount(void);
/* A descriptor of the directory, or -errno where it is none of cgroup v2: reterr says where those
 * are. */
int cgroup_dir_open(const char *dir, struct error *reterr);
/* The cgroup's path below the cgroup v2 file system, as /proc/PID/cgroup has it: "/user.slice".
 * Where that is mounted here counts, else where it is in most places: the recording may be another
 * host's. The caller frees it. */
char *cgroup_dir_path(const char *dir);
/* The same of the cgroup with this number (bpf_get_current_cgroup_id); NULL: it is gone or cannot
 * be asked for. The caller frees it. */
char *cgroup_dir_by_id(uint64_t id);

#endif
