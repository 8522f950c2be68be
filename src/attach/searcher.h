/* SPDX-License-Identifier: MIT */
/* Runs the finders in a process of its own, without privileges: the files are anybody's, and one
 * that is made shorter while it is read, or on a file system that never answers, ends that process
 * alone. */
#ifndef SPY_ATTACH_SEARCHER_H
#define SPY_ATTACH_SEARCHER_H

#include "attach/plan.h"

#define SEARCH_SECONDS 20 /* for one file */

struct searcher {
	int sock; /* -1: not running */
};

/* To be called while the program has one thread and is no subreaper (prctl(2)): the process must
 * not become one of our children, which are waited for. 0, or -errno: also when it may not give up its
 * privileges. */
int searcher_start(struct searcher *s);
/* 0; -ENOEXEC: no program or library for this machine; -EIO: it came to no end; -EPIPE: no process
 * is left. ret is valid in any case. */
int searcher_ask(struct searcher *s, int fd, struct plan *ret);
void searcher_end(struct searcher *s);

#endif
