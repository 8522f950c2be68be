/* SPDX-License-Identifier: MIT */
/* `llm-spy top --json`: totals, how fast it goes, and rows as one object. */
#ifndef SPY_TOP_JSON_H
#define SPY_TOP_JSON_H

#include <stdio.h>

#include "top/model.h"

void top_json_print(const struct top_model *m, FILE *out);

#endif
