/* SPDX-License-Identifier: MIT */
/* The table of sums: what each call added to it. */
#ifndef SPY_ARCHIVE_ACCOUNTS_H
#define SPY_ARCHIVE_ACCOUNTS_H

#include "archive/db.h"
#include "exchange/spender.h"

/* Adds the call to its sums. *ret_row: the row of spend; 0: it counts in none. */
int accounts_add(struct db *d, struct answers *a, const struct exchange *x, int64_t *ret_row,
		 struct error *reterr);
/* The values of a row that version 5 and later added to it, from `at` on: from failed to ancestors.
 */
void accounts_bind(sqlite3_stmt *q, int at, const struct exchange *x, int64_t row);
/* The same for what an llm-spy of an earlier version stored. */
int accounts_add_rest(struct db *d, struct error *reterr);

#endif
