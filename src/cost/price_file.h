/* SPDX-License-Identifier: MIT */
#ifndef SPY_COST_PRICE_FILE_H
#define SPY_COST_PRICE_FILE_H

#include "cost/price.h"

/* The builtin prices, preceded by those of the file when path is not NULL. NULL with reterr set
 * when that cannot be read. */
struct prices *price_file_open(const char *path, struct error *reterr);

#endif
