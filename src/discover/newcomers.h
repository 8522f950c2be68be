/* SPDX-License-Identifier: MIT */
/* What is kept waiting until it is hooked: files that are held at the gate, and threads that have
 * mapped what was not held there. For the discovering thread. */
#ifndef SPY_DISCOVER_NEWCOMERS_H
#define SPY_DISCOVER_NEWCOMERS_H

#include "discover/mailbox.h"
#include "discover/targets.h"

struct newcomers;
/* Borrows all until newcomers_free. hold NULL: nothing waits. hold_ns: for how long at most. */
struct newcomers *newcomers_new(struct hold *hold, uint64_t hold_ns, struct targets *ts,
				struct mailbox *from);
void newcomers_free(struct newcomers *n);

/* Looks at the next of the files that are held, and lets it pass. To be called often: somebody
 * waits. False: none is held. */
bool newcomers_look(struct newcomers *n);
/* When it is to be called without news; UINT64_MAX: not. */
uint64_t newcomers_next_ns(const struct newcomers *n);
/* A thread has begun a program or mapped libraries. What is known of them is hooked at once, also
 * while another file is searched; if more is to be hooked, the thread stands until newcomers_go. */
void newcomers_begun(struct newcomers *n, const struct begun *b);
/* Its process was looked at. */
void newcomers_go(struct newcomers *n, pid_t pid);
/* All passes, without being looked at. */
void newcomers_stop(struct newcomers *n);

/* When what waits for probes that are being compiled is looked at again. */
#define NEWCOMERS_COMPILED_NS 20000000ull

#endif
