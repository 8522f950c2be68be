/* SPDX-License-Identifier: MIT */
#include "report/unseen.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* More processes of one program than this, with one reason, are one note when they have ended. */
#define LISTED_MAX 3

static const char others[] = "(others)";
static const char others_reason[] = "more programs could not be captured than llm-spy remembers";

static void done(struct unseen_note *n)
{
	free(n->name);
	free(n->reason);
	free(n->remedy);
}

/* The rest stays in order: the oldest first. */
static void take_out(struct unseen *n, size_t at)
{
	n->changes++;
	done(&n->items[at]);
	n->count--;
	memmove(n->items + at, n->items + at + 1, (n->count - at) * sizeof(*n->items));
}

void notes_put(struct unseen *n, const struct unseen_note *from)
{
	struct unseen_note *to;

	n->changes++;
	n->items = xgrow(n->items, n->count, sizeof(*n->items));
	to = &n->items[n->count++];
	*to = *from;
	to->name = xstrdup(from->name);
	to->reason = xstrdup(from->reason);
	to->remedy = from->remedy ? xstrdup(from->remedy) : NULL;
}

/* n->count when there is none. */
static size_t find_running(const struct unseen *n, pid_t pid)
{
	size_t i = 0;

	while (i < n->count && (n->items[i].pid != pid || n->items[i].ended || !pid))
		i++;
	return i;
}

void unseen_drop(struct unseen *n, pid_t pid)
{
	size_t at = find_running(n, pid);

	if (at < n->count)
		take_out(n, at);
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

void unseen_add(struct unseen *n, pid_t pid, const char *name, const char *reason,
		const char *remedy)
{
	size_t at = find_running(n, pid);

	/* One is judged again and again. */
	if (at < n->count && is_same(n->items[at].name, name) &&
	    is_same(n->items[at].reason, reason) && is_same(n->items[at].remedy, remedy))
		return;
	unseen_drop(n, pid);
	notes_put(n, &(struct unseen_note){ .pid = pid,
					    .processes = 1,
					    .name = (char *)name,
					    .reason = (char *)reason,
					    .remedy = (char *)remedy });
}

void unseen_add_file(struct unseen *n, const char *name, uint64_t dev, uint64_t ino,
		     const char *reason, const char *remedy)
{
	size_t files = 0, oldest = n->count;

	for (size_t i = n->count; i > 0; i--)
		if (!n->items[i - 1].processes) {
			oldest = i - 1;
			files++;
		}
	if (files == UNSEEN_FILES_MAX)
		take_out(n, oldest);
	notes_put(n, &(struct unseen_note){ .dev = dev,
					    .ino = ino,
					    .name = (char *)name,
					    .reason = (char *)reason,
					    .remedy = (char *)remedy });
}

void unseen_drop_file(struct unseen *n, const char *name)
{
	for (size_t i = n->count; i > 0; i--)
		if (!n->items[i - 1].processes && strcmp(n->items[i - 1].name, name) == 0)
			take_out(n, i - 1);
}

/* ---- what has ended ---- */

static bool is_others(const struct unseen_note *n)
{
	return n->ended && !n->pid && strcmp(n->reason, others_reason) == 0;
}

static bool alike(const struct unseen_note *a, const struct unseen_note *b)
{
	return a->ended && b->ended && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->reason, b->reason) == 0;
}

/* The one at `from`, which is the later one, goes. */
static void join(struct unseen *n, size_t to, size_t from)
{
	n->items[to].processes += n->items[from].processes;
	n->items[to].pid = 0;
	take_out(n, from);
}

static void join_alike(struct unseen *n, size_t at)
{
	uint64_t processes = 0;
	size_t first = n->count;

	for (size_t i = n->count; i > 0; i--)
		if (alike(&n->items[i - 1], &n->items[at])) {
			processes += n->items[i - 1].processes;
			first = i - 1;
		}
	if (processes <= LISTED_MAX)
		return;
	for (size_t i = n->count - 1; i > first; i--)
		if (alike(&n->items[i], &n->items[first]))
			join(n, first, i);
}

/* The oldest one becomes one of the others. False: there is room. */
static bool make_room(struct unseen *n)
{
	size_t ended = 0, oldest = n->count, rest = n->count;
	struct unseen_note *o;

	for (size_t i = n->count; i > 0; i--) {
		if (is_others(&n->items[i - 1]))
			rest = i - 1;
		else if (n->items[i - 1].ended)
			oldest = i - 1;
		ended += n->items[i - 1].ended;
	}
	if (ended <= UNSEEN_ENDED_MAX)
		return false;
	if (rest < n->count) {
		n->items[rest].processes += n->items[oldest].processes;
		take_out(n, oldest);
		return true;
	}
	o = &n->items[oldest];
	done(o);
	*o = (struct unseen_note){ .processes = o->processes,
				   .ended = true,
				   .name = xstrdup(others),
				   .reason = xstrdup(others_reason) };
	return true;
}

void unseen_ended(struct unseen *n, pid_t pid)
{
	size_t at = find_running(n, pid);

	if (at == n->count)
		return;
	n->items[at].ended = true;
	n->changes++;
	join_alike(n, at);
	while (make_room(n))
		;
}

/* ---- all ---- */

void unseen_copy(struct unseen *to, const struct unseen *from)
{
	uint64_t changes = to->changes + from->changes;

	for (size_t i = 0; i < from->count; i++)
		notes_put(to, &from->items[i]);
	to->changes = changes;
}

size_t unseen_running(const struct unseen *n)
{
	size_t running = 0;

	for (size_t i = 0; i < n->count; i++)
		running += n->items[i].pid && !n->items[i].ended;
	return running;
}

void unseen_done(struct unseen *n)
{
	for (size_t i = 0; i < n->count; i++)
		done(&n->items[i]);
	free(n->items);
	*n = (struct unseen){ 0 };
}
