/* SPDX-License-Identifier: MIT */
/* Repairs the beginning of a JSON text that was cut off. */
#ifndef SPY_LLM_JSON_REPAIR_H
#define SPY_LLM_JSON_REPAIR_H

#include <jansson.h>

#include "base/buf.h"

/* Appends to `out` as much of `s` as can be kept, closed so that it parses: a string value that
 * was cut is kept up to the cut, other unfinished values and members are left out. 0, or
 * -EPROTO when s is no beginning of JSON or nests too deeply. */
int json_repair(struct span s, struct buf *out);

/* Parses a body: as it is; with invalid UTF-8 replaced; else, `cut` allowing it, as the repaired
 * beginning. NULL when it is no JSON. */
json_t *json_read(struct span s, bool cut, bool *ret_partial);

#endif
