/* SPDX-License-Identifier: MIT */
/* Sums: by agents at work, and by who or what spent how much. */
#include "web/web_int.h"

#ifdef HAVE_MICROHTTPD

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "json/text.h"
#include "view/sessions.h"
#include "view/spending.h"
#include "web/call_json.h"
#include "web/flight.h"
#include "web/query.h"

/* ---- sessions ---- */

static json_t *session_row(const struct session *r)
{
	json_t *o = json_object();

	set(o, "key", json_from_text(r->key));
	set(o, "session", web_name(r->session));
	set(o, "agent", web_name(r->agent));
	set(o, "kind", web_name(r->kind));
	set(o, "parent", r->parent ? json_from_text(r->parent->key) : json_null());
	set(o, "inferred", json_boolean(r->inferred));
	set(o, "depth", json_integer(r->depth));
	set(o, "program", web_name(r->program));
	set(o, "user", web_name(r->user));
	set(o, "pid", r->pid ? json_integer(r->pid) : json_null());
	set(o, "model", web_name(r->model));
	set(o, "title", web_name(r->title));
	set(o, "conversation", web_name(r->conversation));
	set(o, "turn", r->turn ? json_integer(r->turn) : json_null());
	set(o, "state", json_string(r->live ? "live" : session_state_name(r->state)));
	set(o, "in_flight", json_integer(r->live));
	set(o, "last", web_name(r->last));
	set(o, "began_ms", web_moment(r->began_ns));
	set(o, "first_token_ms", json_milliseconds(r->first_token_ns));
	set(o, "sum", web_sum(&r->sum));
	return o;
}

static void add_to_sessions(void *arg, const struct book_entry *e)
{
	sessions_add(arg, &e->x);
}

static struct sessions *read_sessions(struct web *w, const struct web_query *q, struct flight *f)
{
	struct sessions *s = sessions_new(wall_today_ns());
	struct book_query calls = q->book;

	calls.calls = true;
	pthread_mutex_lock(&w->lock);
	book_each(w->book, &calls, add_to_sessions, s);
	flight_add(f, w, &q->book, s);
	pthread_mutex_unlock(&w->lock);
	sessions_arrange(s, SESSIONS_BY_TIME, SESSIONS_OF_AGENTS);
	return s;
}

int api_sessions(struct request *r, struct error *reterr)
{
	struct web_query q;
	int err = web_query_ready(&q, r, reterr);

	if (!err) {
		struct flight f;
		struct sessions *s = read_sessions(r->web, &q, &f);
		json_t *o = json_object(), *rows = json_array();

		for (size_t i = 0; i < s->count; i++)
			json_array_append_new(rows, session_row(s->rows[i]));
		set(o, "total", json_integer((json_int_t)s->count));
		set(o, "rows", rows);
		answer_json(r, o);
		sessions_free(s);
		flight_done(&f);
	}
	web_query_done(&q);
	return err;
}

/* ---- spending ---- */

static int read_by(const struct request *r, enum spend_by *ret, struct error *reterr)
{
	const char *by = request_text(r, "by");

	for (int i = 0; i < SPEND_BYS && by; i++)
		if (strcmp(by, spend_by_name((enum spend_by)i)) == 0) {
			*ret = (enum spend_by)i;
			return 0;
		}
	return by ? error_set(reterr, -EINVAL,
			      "by: expected model, provider, user, program, container, "
			      "conversation or day")
		  : 0;
}

static void add_to_spending(void *arg, const struct book_entry *e)
{
	spending_add(arg, &e->x);
}

static void read_spending(struct spending *s, enum spend_by by, struct web *w,
			  const struct web_query *q)
{
	struct book_query calls = q->book;

	calls.calls = true;
	spending_begin(s, by);
	pthread_mutex_lock(&w->lock);
	book_each(w->book, &calls, add_to_spending, s);
	pthread_mutex_unlock(&w->lock);
	spending_end(s);
}

static json_t *spend_row(const struct spending *s, const struct spend_row *row)
{
	json_t *o = json_object(), *bars = json_array();

	set(o, "name", web_name(row->name));
	set(o, s->by == SPEND_BY_CONVERSATION ? "title" : "asked", web_name(row->asked));
	set(o, "sum", web_sum(&row->sum));
	for (size_t i = 0; i < s->nbars; i++)
		json_array_append_new(bars, json_real(row->bars[i]));
	set(o, "bars", bars);
	return o;
}

static json_t *bars_of(const struct spending *s)
{
	static const char *const of[] = { [SPEND_BARS_USD] = "usd",
					  [SPEND_BARS_TOKENS] = "tokens",
					  [SPEND_BARS_CALLS] = "calls" };
	json_t *o = json_object();

	set(o, "first_ms", s->nbars ? json_integer(s->first * 900000) : json_null());
	set(o, "width_ms", json_integer(s->width * 900000));
	set(o, "of", json_string(of[s->of]));
	return o;
}

int api_spend(struct request *r, struct error *reterr)
{
	enum spend_by by = SPEND_BY_MODEL;
	struct web_query q;
	int err = web_query_ready(&q, r, reterr);

	if (!err)
		err = read_by(r, &by, reterr);
	if (!err) {
		json_t *o = json_object(), *rows = json_array();
		struct spending s;

		read_spending(&s, by, r->web, &q);
		for (size_t i = 0; i < s.table.count; i++)
			json_array_append_new(rows, spend_row(&s, s.table.rows[i]));
		set(o, "rows", rows);
		set(o, "bars", bars_of(&s));
		set(o, "total", web_sum(&s.all));
		answer_json(r, o);
		spending_done(&s);
	}
	web_query_done(&q);
	return err;
}

#endif
