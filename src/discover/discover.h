/* SPDX-License-Identifier: MIT */
/* Finds what to hook, at the start and from then on, and hooks it. What runs is looked at, not how
 * it is named: each file that a process has mapped as code is searched once. After discover_start a
 * thread does all of this, so that neither a search nor an attachment ever keeps the events
 * waiting. */
#ifndef SPY_DISCOVER_DISCOVER_H
#define SPY_DISCOVER_DISCOVER_H

#include "capture/endpoints.h"
#include "capture/filter.h"
#include "discover/scan_cache.h"
#include "discover/target.h"
#include "report/tls_files.h"
#include "report/unseen.h"

struct hold;
struct held_file;
struct links;

struct discover_options {
	const struct filter_options *filter; /* its pids: only these; the rest for what is blind */
	char **command;			     /* only this and its children; NULL: none */
	const char *const *named;	     /* files that the user names; can be opened */
	size_t nnamed;
	struct hold *hold;	 /* who answers for what is held; NULL: nothing is */
	uint64_t hold_ns;	 /* for how long at most */
	size_t recent_execs_max; /* LIMIT_recent_execs */
	bool strict;		 /* look for what is blind each second, not at the end alone */
};

struct discover;
/* Borrows all of it until discover_free. */
struct discover *discover_new(const struct discover_options *o, struct scan_cache *files,
			      struct links *hooks);
void discover_free(struct discover *d); /* accepts NULL; not after a discover_stop that failed */

/* Looks at what is there now: named files, the linker's path, running processes, the command's
 * file. discover_prepare only has the programs compiled that it will take; discover_first hooks. */
void discover_prepare(struct discover *d);
void discover_first(struct discover *d);

int discover_start(struct discover *d); /* 0, or -errno: no thread */
/* This thread has begun a program or mapped libraries. Does not wait. */
void discover_process(struct discover *d, pid_t pid, pid_t tid);
/* This file is held until it is hooked. Does not wait; false: it is not taken. */
bool discover_held(struct discover *d, const struct held_file *f);
/* This process has opened a TCP connection to port 443. Does not wait. */
void discover_connected(struct discover *d, pid_t pid, const struct endpoints *ends);
/* On a connection of this process TLS or QUIC begins. Does not wait. */
void discover_tls(struct discover *d, pid_t pid, const struct endpoints *ends);
/* What nothing that is hooked has carried. Does not wait. */
struct uncarried;
void discover_uncarried(struct discover *d, const struct uncarried *u);
/* So looked a TLS connection of this process (http/traffic_class.h). Does not wait; where there are
 * too many, some are passed over. */
void discover_class(struct discover *d, pid_t pid, enum traffic_class looks, uint64_t bytes);
/* What was noted so far, added to ret: processes with connections to port 443 whose TLS cannot be
 * hooked or is not known, and files that were given up. */
void discover_unseen(struct discover *d, struct unseen *ret);
/* Files that were hooked so far, added to ret. */
void discover_hooked(struct discover *d, struct tls_files *ret);
/* Ends the thread. False when it did not end within some seconds: what it uses must stay then. */
bool discover_stop(struct discover *d);

/* Before discover_start: appends who is watched, and counts who is blind by now, for the first word
 * of a run. */
size_t discover_watched(struct discover *d, struct buf *out);
/* Before discover_start: each process that maps TLS that is hooked. */
void discover_each_watched(struct discover *d, void (*fn)(void *arg, pid_t pid), void *arg);

/* These before discover_start and after discover_stop only. */
const struct target_list *discover_targets(const struct discover *d);
/* Looks, a last time, for processes that are blind. */
void discover_note_blind(struct discover *d);

struct discover_stats {
	uint64_t processes; /* looked at, each time counted */
	uint64_t overflows; /* times that everything was looked at anew, for too much was new */
	uint64_t unjudged;  /* times that there was no room for one with a connection to port 443 */
	uint64_t scan_ns;
};
struct discover_stats discover_stats(const struct discover *d);

#endif
