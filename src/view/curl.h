/* SPDX-License-Identifier: MIT */
/* A request as a command for a shell, which sends it again. */
#ifndef SPY_VIEW_CURL_H
#define SPY_VIEW_CURL_H

#include <stdio.h>

#include "base/error.h"
#include "exchange/exchange.h"

/* Credentials are a variable, such as $OPENAI_API_KEY; all else is quoted, so that nothing of it is
 * run, or moves the cursor of a terminal. 0, or -errno with a reason: it was not kept whole. */
int curl_print(const struct exchange *x, FILE *out, struct error *reterr);

#endif
