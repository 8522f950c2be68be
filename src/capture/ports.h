/* SPDX-License-Identifier: MIT */
/* Ports whose plaintext is captured (--plain), as the probe's filter. */
#ifndef SPY_CAPTURE_PORTS_H
#define SPY_CAPTURE_PORTS_H

#include <stdbool.h>

#include "base/buf.h"

#define PORTS_MAX 64 /* ports and ranges of ports in one list */

/* Appends a C expression of `p` that is true for the ports of `list`: numbers and ranges, separated
 * by commas ("8000,9000-9010"), "all", or NULL for those of plainports.def. ret_near: only
 * connections within this host are meant, as with NULL. -EINVAL: it is no such list; `out` may hold
 * part of it. */
int ports_expression(const char *list, struct buf *out, bool *ret_near);

#endif
