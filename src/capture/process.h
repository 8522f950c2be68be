/* SPDX-License-Identifier: MIT */
/* The identity of a process from /proc, as data of a CHUNK_PROC: three strings, each preceded by
 * its length (u32, little-endian): name, path of the executable, command line (arguments separated
 * by blanks). Empty if unknown. */
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

/* The program's name: file name of its executable, else of argv[0], else `comm`. */
struct span proc_name(struct span exe, struct span cmdline, struct span comm);

#endif
