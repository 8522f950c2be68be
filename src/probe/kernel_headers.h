/* SPDX-License-Identifier: MIT */
#ifndef SPY_PROBE_KERNEL_HEADERS_H
#define SPY_PROBE_KERNEL_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

/* True when libbcc will find headers of the running kernel by itself: says which. */
bool kernel_headers_find(char *what, size_t size);

#endif
