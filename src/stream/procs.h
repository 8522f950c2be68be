/* SPDX-License-Identifier: MIT */
/* The processes that connections belong to, by number. */
#ifndef SPY_STREAM_PROCS_H
#define SPY_STREAM_PROCS_H

#include "stream/stream.h"

struct proc_text;

struct procs;
struct procs *procs_new(void);
void procs_free(struct procs *p);

/* The process, made when new, with one reference more; `comm` names it until procs_describe. */
struct proc *procs_ref(struct procs *p, uint32_t tgid, uint32_t uid, uint64_t cgroup,
		       const char *comm);
void procs_unref(struct procs *p, struct proc *proc);
/* What /proc tells. For a process without connections it is kept for the next one. Until it comes,
 * a process has the user's name that another of that number has. */
void procs_describe(struct procs *p, uint32_t tgid, uint32_t uid, const struct proc_text *text);
size_t procs_count(const struct procs *p); /* those remembered */

#endif
