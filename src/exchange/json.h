/* SPDX-License-Identifier: MIT */
/* The record as JSON, and back: doc/RECORD.md. */
#ifndef SPY_EXCHANGE_JSON_H
#define SPY_EXCHANGE_JSON_H

#include "base/error.h"
#include "exchange/exchange.h"

#define RECORD_VERSION 1

/* A time that took so long, as whole microseconds; COUNT_UNKNOWN is null. */
json_t *json_milliseconds(int64_t ns);

/* `alerts` of the record, and back; what is none in it is left out. */
json_t *json_of_alerts(const struct alerts *list);
void json_to_alerts(const json_t *v, struct alerts *ret);

enum exchange_json {
	EXCHANGE_JSON_BODIES = 1,     /* the text of both bodies too */
	EXCHANGE_JSON_REQUEST = 2,    /* the request is known, its answer is not */
	EXCHANGE_JSON_SUPERSEDED = 4, /* what was told of it another record tells */
};

json_t *exchange_to_json(const struct exchange *x, unsigned flags); /* enum exchange_json */

/* The record again, from any JSON; NULL with a reason when it is none of this version. Members that
 * are not known are ignored, absent ones are unknown; those that follow from others are not looked
 * at. exchange_to_json() of it gives the same JSON. A record of a request (`event`) is refused as
 * -ENODATA, for it is told again by its end. What JSON lacks, the record lacks: contents of binary
 * bodies, and `slot` of parts. */
struct exchange *exchange_from_json(const json_t *v, struct error *reterr);

#endif
