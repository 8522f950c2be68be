/* SPDX-License-Identifier: MIT */
/* Why a connection was not captured, for people, and what helps. */
#ifndef SPY_DISCOVER_VERDICT_H
#define SPY_DISCOVER_VERDICT_H

#include "discover/coverage.h"
#include "report/carried.h"

/* Of a connection that nothing has carried. c: what is known of its process, NULL: nothing.
 * unhooked: none of its TLS could be hooked.
 * hooked_ns: when the last of its TLS was hooked, 0: not known. The caller frees the reason. */
char *verdict_reason(const struct uncarried *u, const struct coverage *c, bool unhooked,
		     uint64_t hooked_ns, const char **ret_remedy);

#endif
