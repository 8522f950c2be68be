/* SPDX-License-Identifier: MIT */
#include "proxy/pinned.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

bool pinned_has(const struct pinned *p, const char *program, const char *host)
{
	for (size_t i = 0; i < PINNED_MAX; i++)
		if (p->items[i].host && strcasecmp(p->items[i].host, host) == 0 &&
		    strcmp(p->items[i].program, program) == 0)
			return true;
	return false;
}

void pinned_add(struct pinned *p, const char *program, const char *host)
{
	size_t at = p->next++ % PINNED_MAX;

	free(p->items[at].program);
	free(p->items[at].host);
	p->items[at].program = xstrdup(program);
	p->items[at].host = xstrdup(host);
}

void pinned_done(struct pinned *p)
{
	for (size_t i = 0; i < PINNED_MAX; i++) {
		free(p->items[i].program);
		free(p->items[i].host);
	}
}
