/* SPDX-License-Identifier: MIT */
/* What of a request differs between two runs that ask the same (volatile.def). Pure. */
#ifndef SPY_VIEW_VOLATILE_H
#define SPY_VIEW_VOLATILE_H

#include "base/buf.h"

/* Whether it stands for nothing: a member by its path, "metadata.user_id"; a parameter by name. */
bool volatile_member(struct span path);
bool volatile_query(struct span name);
/* Appends the text without its dates and volatile lines, and returns true; or leaves `out` alone,
 * where it has none. */
bool volatile_text(struct span text, struct buf *out);

#endif
