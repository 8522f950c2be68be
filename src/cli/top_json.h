/* SPDX-License-Identifier: MIT */
/* `llm-spy top --json`: totals and rows as one object. */
#ifndef SPY_CLI_TOP_JSON_H
#define SPY_CLI_TOP_JSON_H

#include <stdio.h>

#include "view/sessions.h"

void top_json_print(const struct sessions *s, FILE *out);

#endif
