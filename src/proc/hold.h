/* SPDX-License-Identifier: MIT */
/* Holds a process for a while, unseen by it and by its parent: with ptrace(2), which unlike a
 * signal leaves no job stopped when the tracer is killed. What is traced by somebody else already
 * runs on. */
#ifndef SPY_PROC_HOLD_H
#define SPY_PROC_HOLD_H

#include <stdbool.h>
#include <sys/types.h>

/* False: it runs on. Both are to be called by the same thread. */
bool hold_begin(pid_t pid);
void hold_end(pid_t pid);

#endif
