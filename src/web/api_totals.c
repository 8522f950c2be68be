/* SPDX-License-Identifier: MIT */
/* What all calls came to, and how fast they are. */
#include "web/totals.h"

#ifdef HAVE_MICROHTTPD

#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "view/pace.h"
#include "web/call_json.h"
#include "web/flight.h"
#include "web/query.h"

#define BARS (PACE_SHOWN_NS / PACE_WIDTH_NS)

struct totals {
	int64_t today_ns; /* its first moment */
	struct spend_sum all, today;
	struct pace pace;
};

static void add(void *arg, const struct book_entry *e)
{
	struct totals *t = arg;
	int64_t began = exchange_began_ns(&e->x);

	spend_sum_add(&t->all, &e->x);
	if (began && began >= t->today_ns)
		spend_sum_add(&t->today, &e->x);
	pace_add(&t->pace, &e->x);
}

/* The present; of a file, when its last call ended: what was, not a quiet time since. */
static int64_t present(const struct web *w, const struct pace *p)
{
	return view_is_archive(w->kept) || !p->last_ns ? wall_ns() : p->last_ns;
}

static json_t *percentile(const struct latency *l, unsigned percent)
{
	return l->count ? json_milliseconds((int64_t)latency_percentile(l, percent)) : json_null();
}

static json_t *first_token(const struct latency *l)
{
	json_t *o = json_object();

	set(o, "p50", percentile(l, 50));
	set(o, "p95", percentile(l, 95));
	return o;
}

static json_t *bars(const struct pace *p, int64_t until)
{
	json_t *list = json_array();

	for (int64_t i = BARS - 1; i >= 0; i--) {
		struct pace_bar b = pace_sum(p, until - i * PACE_WIDTH_NS, PACE_WIDTH_NS);
		double seconds = (double)PACE_WIDTH_NS / 1e9;
		json_t *o = json_object();

		set(o, "t_ms", web_moment(b.number * PACE_WIDTH_NS));
		set(o, "input", json_real(b.input / seconds));
		set(o, "output", json_real(b.output / seconds));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *per_second(struct pace_rate rate)
{
	json_t *o = json_object();

	set(o, "input", json_real(rate.input));
	set(o, "output", json_real(rate.output));
	set(o, "calls", json_real(rate.calls));
	return o;
}

/* Programs that run and cannot be seen; only a live run knows. */
static json_t *blind(const struct web *w)
{
	struct unseen u = { 0 };
	size_t n;

	if (!w->config.live)
		return json_null();
	live_store_unseen(w->config.live, &u);
	n = unseen_running(&u);
	unseen_done(&u);
	return json_integer((json_int_t)n);
}

json_t *web_totals(struct web *w, const struct book_query *q)
{
	struct book_query calls = *q;
	struct totals *t = xcalloc(1, sizeof(*t));
	int64_t until;
	json_t *o;
	size_t n;

	calls.calls = true;
	t->today_ns = wall_today_ns();
	book_each(w->book, &calls, add, t);
	until = present(w, &t->pace);
	o = web_sum(&t->all);
	set(o, "first_token_ms", first_token(&t->pace.first_token));
	set(o, "today", web_sum(&t->today));
	json_decref(flight_rows(w, q, &n));
	set(o, "in_flight", json_integer((json_int_t)n));
	set(o, "blind", blind(w));
	set(o, "bar_ms", json_integer(PACE_WIDTH_NS / 1000000));
	set(o, "tokens_per_s", bars(&t->pace, until));
	set(o, "per_second", per_second(pace_rate(&t->pace, until)));
	free(t);
	return o;
}

int api_totals(struct request *r, struct error *reterr)
{
	struct web_query q;
	int err = web_query_ready(&q, r, reterr);

	if (!err) {
		json_t *totals;

		pthread_mutex_lock(&r->web->lock);
		totals = web_totals(r->web, &q.book);
		pthread_mutex_unlock(&r->web->lock);
		answer_json(r, totals);
	}
	web_query_done(&q);
	return err;
}

/* ---- what more providers take ---- */

static json_t *rates_of(const struct rate_limit *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->count; i++) {
		json_t *o = json_object();

		set(o, "what", json_string(l->rates[i].what));
		set(o, "limit", web_count(l->rates[i].limit));
		set(o, "remaining", web_count(l->rates[i].remaining));
		set(o, "resets_ms", web_moment(l->rates[i].resets_ns));
		json_array_append_new(list, o);
	}
	return list;
}

int api_limits(struct request *r, struct error *reterr)
{
	json_t *o = json_object(), *rows = json_array();
	const struct rate_limit *l;

	pthread_mutex_lock(&r->web->lock);
	for (size_t i = 0; (l = rate_limits_get(r->web->rates, i)); i++) {
		json_t *row = json_object();

		set(row, "provider", web_name(l->provider));
		set(row, "model", web_name(l->model));
		set(row, "at_ms", web_moment(l->at_ns));
		set(row, "retry_after_ms", web_count(l->retry_after_ms));
		set(row, "rates", rates_of(l));
		json_array_append_new(rows, row);
	}
	pthread_mutex_unlock(&r->web->lock);
	set(o, "rows", rows);
	answer_json(r, o);
	return 0;
}

#endif
