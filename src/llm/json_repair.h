/* SPDX-License-Identifier: MIT */
/* Repairs the beginning of a JSON text that was cut off. */
#ifndef SPY_LLM_JSON_REPAIR_H
#define SPY_LLM_JSON_REPAIR_H

#include "base/buf.h"

/* As deep as the JSON library goes, and some more values around it on the record. */
#define JSON_DEPTH_MAX 2000

/* Appends to `out` as much of `s` as can be kept, closed so that it parses: a string value that
 * was cut is kept up to the cut, other unfinished values and members are left out. 0, or
 * -EPROTO when s is no beginning of JSON or nests too deeply. */
int json_repair(struct span s, struct buf *out);

#endif
