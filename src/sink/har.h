/* SPDX-License-Identifier: MIT */
/* An exchange as an entry of an HTTP archive, HAR 1.2. Members of our own, and those that browsers'
 * developer tools add, begin with an underscore. */
#ifndef SPY_SINK_HAR_H
#define SPY_SINK_HAR_H

#include "exchange/exchange.h"

/* har_entry.c */
json_t *har_entry(const struct exchange *x); /* the caller owns it */
/* A text, or NULL, as a member. */
void har_text(json_t *o, const char *key, const char *text);
/* Times are numbers of ms with a fraction, -1 where they are not known. */
json_t *har_ms(uint64_t from, uint64_t to);

/* har_url.c */
char *har_url(const struct exchange *x);      /* to be freed */
json_t *har_query(const char *target);	      /* its parameters as they were sent */
json_t *har_cookies(const struct headers *h); /* those of `Cookie` */

/* har_messages.c */
bool har_is_websocket(const struct exchange *x);
/* Messages both ways, those that the request's body holds first. */
json_t *har_websocket_messages(const struct exchange *x);
/* Of a stream of server-sent events. */
json_t *har_events(const struct exchange *x);

#endif
