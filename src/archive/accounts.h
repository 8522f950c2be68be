/* SPDX-License-Identifier: MIT */
/* The table of sums: what each call added to it. */
#ifndef SPY_ARCHIVE_ACCOUNTS_H
#define SPY_ARCHIVE_ACCOUNTS_H

#include "archive/db.h"
#include "exchange/spender.h"

/* A quarter of an hour, ns: a row's unit of time. Days and hours begin with one in every zone. */
#define ACCOUNTS_QUARTER_NS 900000000000ll

/* Adds the call to its row. *ret_row: that row; 0: it counts in no sum. */
int accounts_add(struct db *d, struct answers *a, const struct exchange *x, int64_t *ret_row,
		 struct error *reterr);
/* The same for what an llm-spy of an earlier version stored. */
int accounts_add_rest(struct db *d, struct error *reterr);

#endif
