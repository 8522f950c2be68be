/* SPDX-License-Identifier: MIT */
/* The one place where JSON text of strangers becomes values. A few kilobytes of a compressed body
 * can become gigabytes of values, so a text is measured before any of it is parsed. */
#ifndef SPY_LLM_JSON_READ_H
#define SPY_LLM_JSON_READ_H

#include <jansson.h>

#include "base/limits.h"
#include "base/span.h"

/* Parses a text: as it is; with invalid UTF-8 replaced; else, `cut` allowing it, as the repaired
 * beginning. What nests past the limit json_depth becomes null. A text whose values are more than
 * json_values, or would take more memory than json_memory and what is left of `memory` and an
 * eighth, is read up to there. NULL when it is no JSON, or when a limit leaves nothing of it.
 * *ret_partial: only a part could be read; also with NULL, where a limit is the reason.
 * lim may be NULL: the defaults hold, and nothing is counted. */
json_t *json_read(struct limits *lim, struct span s, bool cut, bool *ret_partial);

#endif
