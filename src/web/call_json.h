/* SPDX-License-Identifier: MIT */
/* Exchanges and sums as the pages read them. Unknown is null, times are milliseconds. */
#ifndef SPY_WEB_CALL_JSON_H
#define SPY_WEB_CALL_JSON_H

#include "exchange/json.h"
#include "report/spend.h"

/* Takes the value over. */
static inline void set(json_t *o, const char *name, json_t *v)
{
	json_object_set_new(o, name, v);
}

json_t *web_call(const struct exchange *x); /* a row of a list */
json_t *web_sum(const struct spend_sum *s);

json_t *web_count(int64_t n);
json_t *web_moment(int64_t ns); /* since 1970; 0 or less: not known */
json_t *web_usd(double usd);
json_t *web_id(uint64_t id); /* 0: none */
/* NULL and "" are null. */
json_t *web_name(const char *text);

#endif
