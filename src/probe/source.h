/* SPDX-License-Identifier: MIT */
/* The C text that a group is compiled of, and the programs in it. */
#ifndef SPY_PROBE_SOURCE_H
#define SPY_PROBE_SOURCE_H

#include "base/buf.h"
#include "probe/compiler.h"

#define SOURCE_MAX (1u << 20)

/* As in programs.def; what stands for a uprobe depends on how it will be attached. */
enum source_kind { UPROBE, RAW_TRACEPOINT };

struct source_program {
	const char *name;
	enum source_kind kind;
};
extern const struct source_program source_programs[PROG_COUNT];

void source_add(struct buf *out, const struct compiler_order *o);
const char *source_group_name(enum probe_group g);
/* The group whose text and maps come before its own; itself: none. */
enum probe_group source_group_after(enum probe_group g);

#endif
