/* SPDX-License-Identifier: MIT */
/* Records out of the database again. */
#ifndef SPY_ARCHIVE_RECORD_H
#define SPY_ARCHIVE_RECORD_H

#include "archive/db.h"
#include "exchange/exchange.h"

/* The record of row `id` of table exchange as JSON, as exchange_to_json wrote it; NULL with a
 * reason when it is not there or not whole. */
json_t *record_read(struct db *d, int64_t id, struct error *reterr);
/* What its row holds by itself: all but messages, tools, texts and the conversation. */
struct exchange *record_read_rest(struct db *d, int64_t id, struct error *reterr);

#endif
