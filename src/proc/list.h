/* SPDX-License-Identifier: MIT */
/* The processes of this host, and which descends from which. Source: proc_pid_stat(5). */
#ifndef SPY_PROC_LIST_H
#define SPY_PROC_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The ids of all processes in rising order; the caller frees *ret. */
size_t proc_list(pid_t **ret);

pid_t proc_parent(pid_t pid); /* 0: it is gone */
/* Whether `pid` or one of its ancestors is `ancestor`. */
bool proc_descends(pid_t pid, pid_t ancestor);

/* Start time of a process, in clock ticks since boot; 0: it is gone. */
uint64_t proc_started(pid_t pid);
/* Its user; the largest number, which nobody has, when it is gone. */
uid_t proc_uid(pid_t pid);

#endif
