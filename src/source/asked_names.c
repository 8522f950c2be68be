/* SPDX-License-Identifier: MIT */
#include "source/asked_names.h"

#include <string.h>

static size_t place_of(uint32_t tgid, const struct endpoints *ends)
{
	return (tgid * 31u + ends->local.port) % ASKED_PLACES;
}

static bool is_of(const struct asked_name *n, uint32_t tgid, const struct endpoints *ends)
{
	return n->tgid == tgid && n->ends.family == ends->family &&
	       endpoint_eq(&n->ends.local, &ends->local) && endpoint_eq(&n->ends.peer, &ends->peer);
}

/* NULL: there is none. */
static const struct asked_name *find(const struct asked_place *p, uint32_t tgid,
				     const struct endpoints *ends)
{
	for (size_t i = 0; i < ASKED_NAMES_EACH; i++)
		if (is_of(&p->items[i], tgid, ends))
			return &p->items[i];
	return NULL;
}

void asked_names_note(struct asked_names *a, const struct notice *n)
{
	struct asked_place *p = &a->places[place_of(n->tgid, &n->ends)];
	const struct asked_name *known;
	struct asked_name *at;
	char name[HELLO_NAME];

	/* What a server receives is told without the name. */
	if (n->seq || n->datagram || n->received)
		return;
	known = find(p, n->tgid, &n->ends);
	at = &p->items[known ? (size_t)(known - p->items) : p->next++ % ASKED_NAMES_EACH];
	/* One without a name takes the place of an earlier one too. */
	hello_server_name(n->data, name);
	*at = (struct asked_name){ .tgid = n->tgid, .ends = n->ends };
	memcpy(at->name, name, sizeof(name));
}

const char *asked_names_find(const struct asked_names *a, uint32_t tgid,
			     const struct endpoints *ends)
{
	const struct asked_name *n = find(&a->places[place_of(tgid, ends)], tgid, ends);

	return n && n->name[0] ? n->name : NULL;
}
