/* SPDX-License-Identifier: MIT */
#include "discover/newcomers.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "discover/watched.h"
#include "hold/gate.h"
#include "hold/hold.h"

/* Files that wait for probes, and threads that stand, at once. */
#define AWAITED_MAX  64
#define STANDING_MAX 64

struct newcomers {
	struct hold *hold;
	uint64_t hold_ns;
	struct targets *targets;
	struct mailbox *mailbox;
	struct held_file awaiting[AWAITED_MAX]; /* probes that are being compiled */
	size_t nawaiting;
	uint64_t await_ns; /* when they are looked at again */
	struct begun standing[STANDING_MAX];
	size_t nstanding;
	bool stopped;
};

struct newcomers *newcomers_new(struct hold *hold, uint64_t hold_ns, struct targets *ts,
				struct mailbox *from)
{
	struct newcomers *n = xcalloc(1, sizeof(*n));

	n->hold = hold;
	n->hold_ns = hold_ns;
	n->targets = ts;
	n->mailbox = from;
	return n;
}

void newcomers_free(struct newcomers *n)
{
	free(n);
}

/* ---- files ---- */

/* False: it waits for probes. */
static bool look_at(struct newcomers *n, const struct held_file *f)
{
	char path[32], name[PATH_MAX];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", f->fd);
	len = readlink(path, name, sizeof(name) - 1);
	name[len > 0 ? len : 0] = '\0';
	targets_take_waiting(n->targets);
	targets_look_at(n->targets, path, name, false);
	if (targets_take_waiting(n->targets))
		return false;
	watched_say_passed(n->targets, f, n->hold_ns, name);
	log_debug("hold", "%s: held %.1f ms (%s)", name, (double)(now_ns() - f->since_ns) / 1000000,
		  gate_mark_of(f->id) == GATE_OPENS ? "opened" : "begun");
	return true;
}

static void take(struct newcomers *n, const struct held_file *f)
{
	bool over = n->stopped || mailbox_stopped_ns(n->mailbox) || look_at(n, f);

	if (over || n->nawaiting == AWAITED_MAX) {
		hold_answer(n->hold, f);
		return;
	}
	n->await_ns = now_ns() + NEWCOMERS_COMPILED_NS;
	n->awaiting[n->nawaiting++] = *f;
}

/* Those that were compiled meanwhile. */
static void take_awaiting(struct newcomers *n)
{
	struct held_file were[AWAITED_MAX];
	size_t count = n->nawaiting;

	memcpy(were, n->awaiting, count * sizeof(*were));
	n->nawaiting = 0;
	for (size_t i = 0; i < count; i++)
		take(n, &were[i]);
}

bool newcomers_look(struct newcomers *n)
{
	struct held_file f;
	bool any = mailbox_next_held(n->mailbox, &f);

	if (any)
		take(n, &f);
	if (n->nawaiting && (n->stopped || now_ns() >= n->await_ns))
		take_awaiting(n);
	return any;
}

uint64_t newcomers_next_ns(const struct newcomers *n)
{
	return n->nawaiting ? n->await_ns : UINT64_MAX;
}

void newcomers_stop(struct newcomers *n)
{
	n->stopped = true;
	while (newcomers_look(n))
		;
}

/* ---- threads ---- */

void newcomers_go(struct newcomers *n, pid_t pid)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->nstanding; i++)
		if (n->standing[i].pid == pid)
			hold_go(n->hold, n->standing[i].tid);
		else
			n->standing[kept++] = n->standing[i];
	n->nstanding = kept;
}

/* What a process has mapped without opening it where opens are held, as a library that is new at
 * each start, would make its first calls while it is searched and hooked. */
static void stand(struct newcomers *n, const struct begun *b)
{
	if (!n->hold || n->nstanding == STANDING_MAX)
		return;
	hold_stand(n->hold, b->pid, b->tid);
	n->standing[n->nstanding++] = *b;
}

void newcomers_begun(struct newcomers *n, const struct begun *b)
{
	if (n->hold)
		hold_follow(n->hold, b->pid);
	if (targets_settled(n->targets, b->pid))
		return;
	stand(n, b);
	targets_hook_known(n->targets, b->pid);
	if (targets_settled(n->targets, b->pid))
		newcomers_go(n, b->pid);
}
