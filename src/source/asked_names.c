/* SPDX-License-Identifier: MIT */
#include "source/asked_names.h"

#include <string.h>

static size_t place_of(uint32_t tgid, const struct endpoints *ends)
{
	return (tgid * 31u + ends->local.port) % ASKED_NAMES;
}

void asked_names_note(struct asked_names *a, const struct notice *n)
{
	struct asked_name *at = &a->items[place_of(n->tgid, &n->ends)];
	char name[HELLO_NAME];

	if (n->seq || n->datagram)
		return;
	/* One without a name takes the place of an earlier one too. */
	hello_server_name(n->data, name);
	*at = (struct asked_name){ .tgid = n->tgid, .ends = n->ends };
	memcpy(at->name, name, sizeof(name));
}

const char *asked_names_find(const struct asked_names *a, uint32_t tgid,
			     const struct endpoints *ends)
{
	const struct asked_name *at = &a->items[place_of(tgid, ends)];

	if (at->tgid != tgid || at->ends.family != ends->family ||
	    !endpoint_eq(&at->ends.local, &ends->local) ||
	    !endpoint_eq(&at->ends.peer, &ends->peer))
		return NULL;
	return at->name[0] ? at->name : NULL;
}
