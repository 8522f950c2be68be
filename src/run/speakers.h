/* SPDX-License-Identifier: MIT */
/* Whose pipes are captured (probes/stdio.bpf.c): the command's tree, everybody's, or those of
 * programs that were seen to call models, and of their children. In the last case nothing is
 * attached before there is such a program. */
#ifndef SPY_RUN_SPEAKERS_H
#define SPY_RUN_SPEAKERS_H

#include <sys/types.h>

#include "exchange/observer.h"
#include "probe/compile.h"

struct speakers;
/* The group STDIO is loaded. Takes what it needs of the probe, which outlives it. */
struct speakers *speakers_new(const struct probe *p);
void speakers_detach(struct speakers *s);
void speakers_free(struct speakers *s); /* detaches; accepts NULL */

/* 0, or -errno with the tracepoint that is refused. */
int speakers_attach(struct speakers *s, const char **ret_name);
/* This process and all that descend from it. */
void speakers_add(struct speakers *s, pid_t pid);

/* Adds who calls models. */
extern const struct observer speakers_observer;

#endif
