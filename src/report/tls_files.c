/* SPDX-License-Identifier: MIT */
#include "report/tls_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static void drop(struct tls_files *t, size_t at)
{
	free(t->items[at].name);
	free(t->items[at].found);
	t->count--;
	memmove(&t->items[at], &t->items[at + 1], (t->count - at) * sizeof(*t->items));
}

void tls_files_put(struct tls_files *t, const struct tls_file *from)
{
	size_t at = 0;

	while (at < t->count && (t->items[at].dev != from->dev || t->items[at].ino != from->ino))
		at++;
	if (at < t->count)
		drop(t, at);
	else if (t->count == TLS_FILES_MAX)
		drop(t, 0);
	t->items = xgrow(t->items, t->count, sizeof(*t->items));
	t->items[t->count++] = (struct tls_file){ .dev = from->dev,
						  .ino = from->ino,
						  .name = xstrdup(from->name),
						  .found = xstrdup(from->found) };
	t->changes++;
}

void tls_files_copy(struct tls_files *to, const struct tls_files *from)
{
	uint64_t changes = to->changes + from->changes;

	for (size_t i = 0; i < from->count; i++)
		tls_files_put(to, &from->items[i]);
	to->changes = changes;
}

void tls_files_done(struct tls_files *t)
{
	while (t->count)
		drop(t, t->count - 1);
	free(t->items);
	*t = (struct tls_files){ 0 };
}
