/* SPDX-License-Identifier: MIT */
/* The line above all views. */
#ifndef SPY_WEB_TOTALS_H
#define SPY_WEB_TOTALS_H

#include "web/web_int.h"

/* To be called under the lock. */
json_t *web_totals(struct web *w, const struct book_query *q);

#endif
