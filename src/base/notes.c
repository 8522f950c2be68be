/* SPDX-License-Identifier: MIT */
#include "base/notes.h"

#include <stdlib.h>

#include "base/xalloc.h"

static void done(struct note *n)
{
	free(n->name);
	free(n->reason);
	free(n->remedy);
}

void notes_drop(struct notes *n, pid_t pid)
{
	for (size_t i = 0; pid && i < n->count; i++)
		if (n->items[i].pid == pid) {
			done(&n->items[i]);
			n->items[i] = n->items[--n->count];
			return;
		}
}

void notes_add(struct notes *n, pid_t pid, const char *name, const char *reason, const char *remedy)
{
	notes_drop(n, pid);
	n->items = xgrow(n->items, n->count, sizeof(*n->items));
	n->items[n->count++] = (struct note){ .pid = pid,
					      .name = xstrdup(name),
					      .reason = xstrdup(reason),
					      .remedy = remedy ? xstrdup(remedy) : NULL };
}

void notes_copy(struct notes *to, const struct notes *from)
{
	for (size_t i = 0; i < from->count; i++)
		notes_add(to, from->items[i].pid, from->items[i].name, from->items[i].reason,
			  from->items[i].remedy);
}

void notes_done(struct notes *n)
{
	for (size_t i = 0; i < n->count; i++)
		done(&n->items[i]);
	free(n->items);
	*n = (struct notes){ 0 };
}
