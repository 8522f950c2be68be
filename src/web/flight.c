/* SPDX-License-Identifier: MIT */
#include "web/flight.h"

#ifdef HAVE_MICROHTTPD

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "json/text.h"
#include "select/amount.h"
#include "view/live_sessions.h"
#include "web/call_json.h"

#define ROWS_MAX 256
/* So many of the book's last entries may be one that has just ended. */
#define LOOK_BACK 512

/* Bytes of the end of what is written. */
#define TAIL 256

/* ---- which ---- */

/* The archive has it: nothing else began at that nanosecond in that process. */
static bool is_kept(const struct book *b, const struct exchange *x)
{
	size_t count = book_count(b);
	struct book_entry e;

	for (size_t i = count; i > 0 && count - i < LOOK_BACK; i--) {
		book_get(b, i - 1, &e);
		if (e.x.tgid == x->tgid && exchange_began_ns(&e.x) == exchange_began_ns(x))
			return true;
	}
	return false;
}

static bool is_asked_for(const struct web *w, const struct book_query *q,
			 const struct registry_row *r)
{
	const struct select *s = w->config.select;
	const struct exchange *x = r->x;

	if (x->hidden || x->twin_of || (s && !select_has(s, x)))
		return false;
	if (!r->in_flight && is_kept(w->book, x))
		return false;
	return book_query_has(q, x);
}

/* ---- as rows of a list ---- */

static json_t *row_json(const struct registry_row *r)
{
	struct exchange now = *r->x; /* borrowed but for the tokens so far */
	json_t *o;
	char id[24];

	now.usage = r->usage;
	o = web_call(&now);
	snprintf(id, sizeof(id), "f%llu", (unsigned long long)r->x->serial);
	json_object_set_new(o, "id", json_string(id));
	json_object_set_new(o, "in_flight", json_boolean(r->in_flight));
	if (!r->in_flight)
		return o;
	json_object_set_new(o, "state", json_string("live"));
	json_object_set_new(o, "error", json_null());
	json_object_set_new(o, "duration_ms", json_null());
	json_object_set_new(o, "about", json_null());
	json_object_set_new(o, "text_bytes", json_integer((json_int_t)r->text_bytes));
	json_object_set_new(o, "tail", web_name(registry_row_end(r, TAIL)));
	return o;
}

json_t *flight_rows(struct web *w, const struct book_query *q, size_t *ret_in_flight)
{
	json_t *list = json_array();
	struct registry_row *rows;
	size_t count;

	*ret_in_flight = 0;
	if (!w->config.live)
		return list;
	rows = registry_snapshot(live_store_registry(w->config.live), &count);
	for (size_t i = count; i-- > 0 && json_array_size(list) < ROWS_MAX;)
		if (is_asked_for(w, q, &rows[i])) {
			*ret_in_flight += rows[i].in_flight;
			json_array_append_new(list, row_json(&rows[i]));
		}
	registry_rows_free(rows, count);
	return list;
}

/* ---- for sessions ---- */

void flight_add(struct flight *f, struct web *w, const struct book_query *q, struct sessions *s)
{
	struct view_query all = { .select = w->config.select };
	size_t n = 0;

	*f = (struct flight){ 0 };
	if (!w->config.live)
		return;
	f->rows = registry_snapshot(live_store_registry(w->config.live), &f->count);
	/* Those that are asked for come first; all stay ours. */
	for (size_t i = 0; i < f->count; i++)
		if (book_query_has(q, f->rows[i].x)) {
			struct registry_row r = f->rows[n];

			f->rows[n++] = f->rows[i];
			f->rows[i] = r;
		}
	sessions_set_live(s, f->rows, n, &all, NULL, now_ns());
}

void flight_done(struct flight *f)
{
	registry_rows_free(f->rows, f->count);
}

/* ---- one ---- */

struct exchange *flight_find(struct web *w, const char *name, json_t **ret_row,
			     struct error *reterr)
{
	struct registry_row *rows = NULL;
	struct exchange *x = NULL;
	uint64_t serial = 0;
	size_t count = 0;

	if (w->config.live && amount_number(name + 1, UINT64_MAX, &serial) == 0)
		rows = registry_snapshot(live_store_registry(w->config.live), &count);
	for (size_t i = 0; i < count && !x; i++)
		if (rows[i].x->serial == serial) {
			x = exchange_ref(rows[i].x);
			*ret_row = row_json(&rows[i]);
		}
	registry_rows_free(rows, count);
	if (!x)
		error_set(reterr, -ENOENT, "this call is not under way any more");
	return x;
}

#endif
