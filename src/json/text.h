/* SPDX-License-Identifier: MIT */
/* Any bytes as a string of JSON: what is no UTF-8 is replaced. */
#ifndef SPY_JSON_TEXT_H
#define SPY_JSON_TEXT_H

#include <jansson.h>

#include "base/span.h"

json_t *json_from_bytes(struct span s);
/* NULL is null. */
json_t *json_from_text(const char *s);

#endif
