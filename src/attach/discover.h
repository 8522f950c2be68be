/* SPDX-License-Identifier: MIT */
/* Finds what to hook, at the start and from then on, and hooks it. What runs is looked at, not how it is
 * named: each file that a process has mapped as code is searched once. After discover_start a thread
 * does all of this, so that neither a search nor an attachment ever keeps the events waiting. */
#ifndef SPY_ATTACH_DISCOVER_H
#define SPY_ATTACH_DISCOVER_H

#include "attach/files.h"
#include "attach/hook.h"

struct discover_options {
	const pid_t *pids; /* only these processes; none: all */
	size_t npids;
	char **command;	   /* only this and its children; NULL: none */
	size_t starts_max; /* LIMIT_starts */
};

struct discover;
/* Borrows all of it until discover_free. */
struct discover *discover_new(const struct discover_options *o, struct files *files,
			      struct hooks *hooks);
void discover_free(struct discover *d); /* accepts NULL; not after a discover_stop that failed */

/* A file that the user names: 0, or -errno: it cannot be opened. */
int discover_named(struct discover *d, const char *path);
/* What is there now: the linker's path, running processes, the command's file. */
void discover_first(struct discover *d);

int discover_start(struct discover *d); /* 0, or -errno: no thread */
/* This process has begun a program or mapped libraries. Does not wait. */
void discover_process(struct discover *d, pid_t pid);
/* Ends the thread. False when it did not end within some seconds: what it uses must stay then. */
bool discover_stop(struct discover *d);

/* Before discover_start and after discover_stop only. */
const struct target_list *discover_targets(const struct discover *d);

struct discover_stats {
	uint64_t processes; /* looked at, each time counted */
	uint64_t overflows; /* times that everything was looked at anew, for too much was new */
	uint64_t scan_ns;
};
struct discover_stats discover_stats(const struct discover *d);

#endif
