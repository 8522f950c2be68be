/* SPDX-License-Identifier: MIT */
/* What /proc tells of a process, as the data of a CHUNK_PROC: three strings, each with its length
 * (u32, little-endian) before it: name, executable's path, command line (arguments separated by
 * blanks). Empty where unknown. */
#ifndef SPY_CAPTURE_PROCESS_H
#define SPY_CAPTURE_PROCESS_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/span.h"

struct proc_text {
	struct span name, exe, cmdline; /* borrowed */
};

void proc_encode(const struct proc_text *p, struct buf *out);
int proc_decode(struct span in, struct proc_text *ret); /* 0 or -EPROTO */

/* The program's name: its executable's file name, else argv[0]'s, else `comm`. */
struct span proc_name(struct span exe, struct span cmdline, struct span comm);

#endif
