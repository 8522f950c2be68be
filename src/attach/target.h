/* SPDX-License-Identifier: MIT */
/* Which files to hook: the TLS libraries on the linker's path, those that running processes have
 * mapped, and those the user names. One target is one file, however many names and users. */
#ifndef SPY_ATTACH_TARGET_H
#define SPY_ATTACH_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

struct target {
	char *name;  /* the path as a person would name it */
	char *path;  /* a path that opens the very file: it may lead through /proc */
	dev_t dev;
	ino_t ino;
	bool named;  /* by the user */
	bool hooked;
	size_t probes; /* how many were attached */
	char *found;   /* which implementations, and how they were found; NULL: none */
	char *problem; /* why it could not be hooked; NULL */
};

/* There is nothing in it that could be hooked on this machine. */
static inline bool target_is_empty(const struct target *t)
{
	return !t->hooked && !t->found;
}

struct target_list {
	struct target *items;
	size_t count;
};

void target_list_done(struct target_list *l);

/* Adds the file unless it is there. -errno when it cannot be opened. */
int target_add(struct target_list *l, const char *path, const char *name, bool named);
/* The directories of /etc/ld.so.conf and the usual ones. */
void target_scan_linker(struct target_list *l);
/* What processes have mapped; pids limits it to those (0 of them: all). */
void target_scan_processes(struct target_list *l, const pid_t *pids, size_t npids);

#endif
