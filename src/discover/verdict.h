/* SPDX-License-Identifier: MIT */
/* Why a connection was not captured, for people, and what helps. */
#ifndef SPY_DISCOVER_VERDICT_H
#define SPY_DISCOVER_VERDICT_H

#include "discover/coverage.h"
#include "report/carried.h"

/* Of a connection that nothing has carried. c: what is known of its process, NULL: nothing.
 * hooked_ns: when the last of its TLS was hooked, 0: none is. The caller frees the reason. */
char *verdict_reason(const struct uncarried *u, const struct coverage *c, uint64_t hooked_ns,
		     const char **ret_remedy);

#endif
