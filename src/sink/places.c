/* SPDX-License-Identifier: MIT */
#include "sink/places.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/xalloc.h"

/* Twice as many as there are ids, so that one of four is free. */
#define SLOTS (2u * (PLACES_MAX + 1))

struct slot {
	uint64_t id; /* 0: free */
	unsigned place;
};

struct places {
	struct slot *slots;
	unsigned count;
};

struct places *places_new(void)
{
	struct places *p = xcalloc(1, sizeof(*p));

	p->slots = xcalloc(SLOTS, sizeof(*p->slots));
	return p;
}

void places_free(struct places *p)
{
	if (p)
		free(p->slots);
	free(p);
}

/* Ids are digests, evenly spread; but what was read from a file may say anything. */
static struct slot *slot_of(struct places *p, uint64_t id)
{
	size_t at = (size_t)((id * 0x9e3779b97f4a7c15ull) >> 40) % SLOTS;

	while (p->slots[at].id && p->slots[at].id != id)
		at = (at + 1) % SLOTS;
	return &p->slots[at];
}

unsigned places_of(struct places *p, const char *id, bool *ret_first)
{
	uint64_t number = strtoull(id, NULL, 16);
	struct slot *s;

	*ret_first = false;
	if (!number)
		return PLACES_MAX;
	s = slot_of(p, number);
	if (s->id)
		return s->place;
	if (p->count == PLACES_MAX)
		return PLACES_MAX;
	*ret_first = true;
	*s = (struct slot){ .id = number, .place = p->count++ };
	return s->place;
}
