/* SPDX-License-Identifier: MIT */
/* What this kernel can do, and lets us do: found out by trying, where a version does not say it. */
#ifndef SPY_KERNEL_FEATURES_H
#define SPY_KERNEL_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

#define KERNEL(major, minor) ((uint32_t)(major) << 16 | (uint32_t)(minor) << 8)

/* Of the running kernel: KERNEL(major, minor) and the third number; 0 when it is not known. */
uint32_t kernel_version(void);
/* The effective capabilities of this process, by their numbers. */
uint64_t kernel_capabilities(void);
bool kernel_may_load_bpf(void);
bool kernel_can_ring_buffer(void);
bool kernel_can_multi(void);
bool kernel_can_raw_tracepoint(const char *name);
bool kernel_can_sock_length(void); /* sock_send_length and sock_recv_length: Linux 6.3 */

#endif
