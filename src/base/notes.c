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

/* Of the texts it makes copies. */
static void append(struct notes *n, const struct note *from)
{
	struct note *to;

	n->items = xgrow(n->items, n->count, sizeof(*n->items));
	to = &n->items[n->count++];
	*to = *from;
	to->name = xstrdup(from->name);
	to->reason = xstrdup(from->reason);
	to->remedy = from->remedy ? xstrdup(from->remedy) : NULL;
}

void notes_add(struct notes *n, pid_t pid, const char *name, const char *reason, const char *remedy)
{
	notes_drop(n, pid);
	append(n, &(struct note){ .pid = pid,
				  .name = (char *)name,
				  .reason = (char *)reason,
				  .remedy = (char *)remedy });
}

void notes_add_file(struct notes *n, const char *name, uint64_t dev, uint64_t ino, const char *reason,
		    const char *remedy)
{
	append(n, &(struct note){ .dev = dev,
				  .ino = ino,
				  .name = (char *)name,
				  .reason = (char *)reason,
				  .remedy = (char *)remedy });
}

void notes_copy(struct notes *to, const struct notes *from)
{
	for (size_t i = 0; i < from->count; i++)
		append(to, &from->items[i]);
}

void notes_done(struct notes *n)
{
	for (size_t i = 0; i < n->count; i++)
		done(&n->items[i]);
	free(n->items);
	*n = (struct notes){ 0 };
}
