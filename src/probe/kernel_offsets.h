/* SPDX-License-Identifier: MIT */
/* What the programs have to know of the kernel's structs: probes/stdio.bpf.c, and what
 * probes/process.bpf.c tells of a new program. */
#ifndef SPY_PROBE_KERNEL_OFFSETS_H
#define SPY_PROBE_KERNEL_OFFSETS_H

#include "base/buf.h"

#define KERNEL_OFFSETS 20

struct kernel_offsets {
	size_t count; /* found: 0, those of pipes, or all */
	uint32_t bytes[KERNEL_OFFSETS];
};

/* 0, or -errno where the running kernel does not tell those of pipes. */
int kernel_offsets_find(struct kernel_offsets *ret);
/* Whether those of a new program were found too. */
bool kernel_offsets_of_exec(const struct kernel_offsets *o);
/* As macros SPY_AT_struct_member. */
void kernel_offsets_add(const struct kernel_offsets *o, struct buf *out);

#endif
