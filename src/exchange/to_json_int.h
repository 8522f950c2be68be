/* SPDX-License-Identifier: MIT */
/* Shared by the files that make JSON of a record. */
#ifndef SPY_EXCHANGE_TO_JSON_INT_H
#define SPY_EXCHANGE_TO_JSON_INT_H

#include "exchange/exchange.h"

/* Takes the value over; NULL is null. */
static inline void set(json_t *o, const char *key, json_t *value)
{
	json_object_set_new(o, key, value ? value : json_null());
}

/* to_json_ends.c */
json_t *json_of_process(const struct exchange *x);
json_t *json_of_connection(const struct exchange *x);
json_t *json_of_other_end(const struct other_end *e);
json_t *json_of_leg(const struct leg *l);

#endif
