/* SPDX-License-Identifier: MIT */
#ifndef SPY_KERNEL_CPUS_H
#define SPY_KERNEL_CPUS_H

#include <stddef.h>

/* Numbers of the online processors, in an array that the caller frees; never empty. */
size_t cpus_online(int **ret);
/* Number of values in a per-CPU map: one per possible processor. */
size_t cpus_possible(void);

#endif
