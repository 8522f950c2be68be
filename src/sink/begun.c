/* SPDX-License-Identifier: MIT */
#include "sink/begun.h"

#include <stdlib.h>

#include "base/xalloc.h"

/* The latest are asked for most. f->count: it is not there. */
static size_t place_of(const struct begun *f, uint64_t id)
{
	for (size_t i = f->count; i > 0; i--)
		if (f->ids[i - 1] == id)
			return i - 1;
	return f->count;
}

void begun_add(struct begun *f, uint64_t id)
{
	f->ids = xgrow(f->ids, f->count, sizeof(*f->ids));
	f->ids[f->count++] = id;
}

bool begun_has(const struct begun *f, uint64_t id)
{
	return place_of(f, id) < f->count;
}

bool begun_drop(struct begun *f, uint64_t id)
{
	size_t at = place_of(f, id);

	if (at == f->count)
		return false;
	f->ids[at] = f->ids[--f->count];
	return true;
}

void begun_done(struct begun *f)
{
	free(f->ids);
	*f = (struct begun){ 0 };
}
