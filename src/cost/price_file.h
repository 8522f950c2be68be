/* SPDX-License-Identifier: MIT */
#ifndef SPY_COST_PRICE_FILE_H
#define SPY_COST_PRICE_FILE_H

#include "cost/price.h"

/* The built-in prices, overridden by those of the file if path is not NULL. NULL with reterr set if
 * the file cannot be read. */
struct prices *price_file_open(const char *path, struct error *reterr);

#endif
