/* SPDX-License-Identifier: MIT */
/* What probes/stdio.bpf.c has to know of the kernel's structs. */
#ifndef SPY_PROBE_STDIO_OFFSETS_H
#define SPY_PROBE_STDIO_OFFSETS_H

#include <stdint.h>

#include "base/buf.h"

#define STDIO_OFFSETS 15

struct stdio_offsets {
	uint32_t bytes[STDIO_OFFSETS];
};

/* 0, or -errno where the running kernel does not say. */
int stdio_offsets_find(struct stdio_offsets *ret);
/* As macros SPY_AT_struct_member. */
void stdio_offsets_add(const struct stdio_offsets *o, struct buf *out);

#endif
