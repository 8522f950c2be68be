/* SPDX-License-Identifier: MIT */
#include "discover/target.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/xalloc.h"

void target_list_done(struct target_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		if (l->items[i].file >= 0)
			close(l->items[i].file);
		free(l->items[i].name);
		free(l->items[i].found);
		free(l->items[i].links.problem);
	}
	free(l->items);
	*l = (struct target_list){ 0 };
}

struct target *target_find(struct target_list *l, const struct file_id *id, bool overlay)
{
	for (size_t i = 0; i < l->count; i++) {
		struct target *t = &l->items[i];
		struct file_id other = t->id;

		if (t->overlay || overlay)
			other.dev = id->dev;
		if (file_id_eq(&other, id))
			return t;
	}
	return NULL;
}

struct target *target_find_older(struct target_list *l, const struct file_id *id)
{
	for (size_t i = 0; i < l->count; i++) {
		struct target *t = &l->items[i];

		if (t->id.dev == id->dev && t->id.ino == id->ino && !t->changed &&
		    !file_id_eq(&t->id, id))
			return t;
	}
	return NULL;
}

struct target *target_add(struct target_list *l, const struct catalog_entry *of, const char *name)
{
	struct target *t;

	l->items = xgrow(l->items, l->count, sizeof(*l->items));
	t = &l->items[l->count++];
	t->name = xstrdup(name);
	t->links.name = t->name;
	t->id = of->id;
	t->file = -1;
	memcpy(t->check, of->check, sizeof(t->check));
	return t;
}

size_t target_count_hooked(const struct target_list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->count; i++)
		n += l->items[i].links.hooked && l->items[i].tls;
	return n;
}
