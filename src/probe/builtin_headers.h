/* SPDX-License-Identifier: MIT */
/* The kernel headers that llm-spy brings, as a directory in /tmp that libbcc takes for a kernel's.
 * Private: what is compiled there runs in the kernel. It is locked as long as somebody needs it, so
 * that what a killed tracer left behind can be told from what is used. */
#ifndef SPY_PROBE_BUILTIN_HEADERS_H
#define SPY_PROBE_BUILTIN_HEADERS_H

struct builtin_headers {
	char path[64];
	int dir; /* locked */
};

/* 0 or -errno. */
int builtin_headers_make(struct builtin_headers *ret);
void builtin_headers_remove(struct builtin_headers *h);
/* Removes what is not locked: nobody needs it any more. */
void builtin_headers_sweep(void);

#endif
