/* SPDX-License-Identifier: MIT */
/* Programs that refused our certificate for a host. Their later connections to it pass through
 * unread. Pure. */
#ifndef SPY_PROXY_PINNED_H
#define SPY_PROXY_PINNED_H

#include <stdbool.h>
#include <stddef.h>

#define PINNED_MAX 256

struct pinned {
	struct {
		char *program, *host;
	} items[PINNED_MAX];
	size_t next;
};

bool pinned_has(const struct pinned *p, const char *program, const char *host);
/* Past the ceiling the oldest is forgotten, and refuses once more. */
void pinned_add(struct pinned *p, const char *program, const char *host);
void pinned_done(struct pinned *p);

#endif
