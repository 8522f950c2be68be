/* SPDX-License-Identifier: MIT */
#ifndef SPY_PROBE_KERNEL_HEADERS_H
#define SPY_PROBE_KERNEL_HEADERS_H

#include "probe/compile.h"

/* True when libbcc will find headers of the running kernel by itself: says which. */
bool kernel_headers_find(char *what, size_t size);

/* Where auto finds none, c->headers becomes HEADERS_BUILTIN. what: which are taken, for people. 0,
 * or -errno: the directory that was given is none of headers. */
int kernel_headers_choose(struct probe_config *c, char *what, size_t size, struct error *reterr);

#endif
