/* SPDX-License-Identifier: MIT */
/* The identity of a process, as data of a CHUNK_PROC (doc/RECORDING.md): strings, each preceded by
 * its length (u32, little-endian). Empty if unknown. Earlier versions wrote the
 * first three, or all but the last. */
#ifndef SPY_CAPTURE_PROCESS_H
#define SPY_CAPTURE_PROCESS_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/span.h"

/* Borrowed. */
struct proc_text {
	struct span name, exe;
	struct span cmdline; /* arguments separated by blanks, credentials masked */
	struct span script;  /* what people call it, if not by its name (capture/script_name.h) */
	struct span user;    /* name of its user */
	/* See struct container of exchange/exchange.h. */
	struct span runtime, container, container_name, pod, unit;
	struct span cgroup;    /* path in cgroup v2: "/user.slice" */
	struct span ancestors; /* as text of capture/ancestors.h */
};

void proc_encode(const struct proc_text *p, struct buf *out);
/* 0 or -EPROTO. Of what an earlier version wrote, the command line tells the script. */
int proc_decode(struct span in, struct proc_text *ret);

/* The program's name: file name of its executable, else of argv[0], else `comm`. */
struct span proc_name(struct span exe, struct span cmdline, struct span comm);

/* Whether a person may mean this process by `word`: the name of its executable, of argv[0], or of
 * its script, that also without an ending. */
bool proc_is_named(const struct proc_text *p, struct span word);

#endif
