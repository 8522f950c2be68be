/* SPDX-License-Identifier: MIT */
/* Lists of calls. */
#include "web/web_int.h"

#ifdef HAVE_MICROHTTPD

#include "web/call_json.h"
#include "web/flight.h"
#include "web/query.h"

static void add_row(void *arg, const struct book_entry *e)
{
	json_array_append_new(arg, web_call(&e->x));
}

int api_calls(struct request *r, struct error *reterr)
{
	struct web *w = r->web;
	struct web_query q;
	int err = web_query_ready(&q, r, reterr);

	if (!err) {
		json_t *o = json_object(), *rows = json_array();
		size_t total, n;

		pthread_mutex_lock(&w->lock);
		total = book_page(w->book, &q.book, add_row, rows);
		json_object_set_new(o, "flight", flight_rows(w, &q.book, &n));
		pthread_mutex_unlock(&w->lock);
		json_object_set_new(o, "total", json_integer((json_int_t)total));
		json_object_set_new(o, "offset", json_integer((json_int_t)q.book.offset));
		json_object_set_new(o, "rows", rows);
		answer_json(r, o);
	}
	web_query_done(&q);
	return err;
}

#endif
