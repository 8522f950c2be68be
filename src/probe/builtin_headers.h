/* SPDX-License-Identifier: MIT */
/* The kernel headers that llm-spy brings, as a directory in /tmp that libbcc takes for a kernel's.
 * Private: what is compiled there runs in the kernel. It is locked as long as somebody needs it, so
 * that what a killed tracer left behind can be told from what is used. */
#ifndef SPY_PROBE_BUILTIN_HEADERS_H
#define SPY_PROBE_BUILTIN_HEADERS_H

#include "base/locked_dir.h"

/* 0 or -errno. */
int builtin_headers_make(struct locked_dir *ret);
void builtin_headers_remove(struct locked_dir *h);
/* Removes what is not locked: nobody needs it any more. */
void builtin_headers_sweep(void);

#endif
