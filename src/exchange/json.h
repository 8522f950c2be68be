/* SPDX-License-Identifier: MIT */
/* The record as JSON, and back: doc/RECORD.md. */
#ifndef SPY_EXCHANGE_JSON_H
#define SPY_EXCHANGE_JSON_H

#include "base/error.h"
#include "exchange/exchange.h"

#define RECORD_VERSION 1

enum exchange_json {
	EXCHANGE_JSON_BODIES = 1, /* the text of both bodies too */
};

json_t *exchange_to_json(const struct exchange *x, unsigned flags); /* enum exchange_json */

/* The record again, from any JSON; NULL with a reason when it is none of this version. Members that
 * are not known are ignored, absent ones are unknown. exchange_to_json() of it gives the same JSON.
 * What JSON lacks, the record lacks: contents of binary bodies, and `slot` of parts. */
struct exchange *exchange_from_json(const json_t *v, struct error *reterr);

#endif
