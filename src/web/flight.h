/* SPDX-License-Identifier: MIT */
/* Calls that are under way, and those that have ended and are not in the archive yet. All is called
 * under the lock. */
#ifndef SPY_WEB_FLIGHT_H
#define SPY_WEB_FLIGHT_H

#include "report/registry.h"
#include "view/sessions.h"
#include "web/web_int.h"

/* Those that `q` asks for, as rows of a list; *ret_in_flight: how many are under way. Without a
 * live run there are none. */
json_t *flight_rows(struct web *w, const struct book_query *q, size_t *ret_in_flight);
/* Gives sessions their calls under way: sessions_arrange() has to follow, and flight_done() when
 * these are no longer needed. */
struct flight {
	struct registry_row *rows;
	size_t count;
};
void flight_add(struct flight *f, struct web *w, const struct book_query *q, struct sessions *s);
void flight_done(struct flight *f);
/* The record of one as it is by now, by "f17", to be given back, and its row of a list; NULL with a
 * reason. */
struct exchange *flight_find(struct web *w, const char *name, json_t **ret_row,
			     struct error *reterr);

#endif
