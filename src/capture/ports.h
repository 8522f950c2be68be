/* SPDX-License-Identifier: MIT */
/* Ports whose plaintext is captured (--plain), as a filter for the BPF program. */
#ifndef SPY_CAPTURE_PORTS_H
#define SPY_CAPTURE_PORTS_H

#include <stdbool.h>

#include "base/buf.h"

#define PORTS_MAX 64 /* ports and ranges in one list */

struct port_range {
	unsigned low, high;
};

/* Reads numbers and ranges separated by commas ("8000,9000-9010"). -EINVAL: the list is malformed,
 * or has more of them. */
int ports_list(const char *list, struct port_range ret[PORTS_MAX], size_t *ret_count);

/* Appends a C expression of `p` that is true for the ports of `list`: numbers and ranges separated
 * by commas ("8000,9000-9010"), "all", or NULL for those of plainports.def. ret_near: only
 * connections within this host, as with NULL. -EINVAL if the list is malformed; `out` may then have
 * part of it. */
int ports_expression(const char *list, struct buf *out, bool *ret_near);

#endif
