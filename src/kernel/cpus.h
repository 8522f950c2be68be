/* SPDX-License-Identifier: MIT */
#ifndef SPY_KERNEL_CPUS_H
#define SPY_KERNEL_CPUS_H

#include <stddef.h>

/* Numbers of the processors that are online, in an array that the caller frees; never none. */
size_t cpus_online(int **ret);
/* How many values a per-CPU map holds: one for each processor that could ever be there. */
size_t cpus_possible(void);

#endif
