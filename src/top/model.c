/* SPDX-License-Identifier: MIT */
#include "top/model.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "exchange/account.h"
#include "report/status_file.h"

#define READ_NS	   1000000000ull
#define TELL_NS	   2000000000ull
#define STEPS	   60
#define SECOND_NS  1000000000ll
#define AT_CURSOR  256 /* calls under way */
#define SETTLED_NS 3000000000ull

/* ---- times ---- */

bool top_model_follows(const struct top_model *m)
{
	return m->store || (view_is_archive(m->k->view) && !m->cursor_ns);
}

static void set_now(struct top_model *m)
{
	m->monotonic_ns = now_ns();
	if (m->cursor_ns)
		m->now_ns = m->cursor_ns;
	else if (top_model_follows(m))
		m->now_ns = wall_ns();
	else
		m->now_ns = m->last_ns;
}

/* ---- reading ---- */

static void forget_rows(struct top_model *m)
{
	registry_rows_free(m->rows, m->nrows);
	m->rows = NULL;
	m->nrows = m->live = 0;
}

/* As it was under way at the cursor. */
static void add_under_way(struct top_model *m, const struct exchange *x)
{
	if (m->nrows >= AT_CURSOR)
		return;
	m->rows = xgrow(m->rows, m->nrows, sizeof(*m->rows));
	m->rows[m->nrows++] = (struct registry_row){ .x = exchange_copy(x, EXCHANGE_CONTENT),
						     .in_flight = true,
						     .usage = USAGE_UNKNOWN };
	exchange_freeze(m->rows[m->nrows - 1].x);
}

/* Each call that is read, before it counts. */
static bool on_call(void *arg, const struct exchange *x)
{
	struct top_model *m = arg;
	struct account a;
	int64_t end;

	exchange_account(x, &a);
	end = a.start_ns + (a.duration_ns == COUNT_UNKNOWN ? 0 : a.duration_ns);
	if (a.start_ns > 0 && (!m->first_ns || a.start_ns < m->first_ns))
		m->first_ns = a.start_ns;
	if (end > m->last_ns)
		m->last_ns = end;
	if (m->cursor_ns && a.start_ns > m->cursor_ns)
		return false;
	if (m->cursor_ns && end > m->cursor_ns) {
		add_under_way(m, x);
		return false;
	}
	pace_add(m->pace, x);
	return true;
}

void top_model_arrange(struct top_model *m)
{
	m->live = sessions_set_live(m->sessions, m->rows, m->nrows, &m->k->query, m->also,
				    m->monotonic_ns);
	sessions_arrange(m->sessions, m->order, m->tree);
}

static void read_live(struct top_model *m)
{
	size_t n;
	struct registry_row *rows;

	if (!m->store)
		return;
	m->changes = live_store_changes(m->store);
	rows = registry_snapshot(live_store_registry(m->store), &n);
	forget_rows(m);
	m->rows = rows;
	m->nrows = n;
}

int top_model_load(struct top_model *m, struct error *reterr)
{
	struct sessions *s = sessions_new(wall_today_ns());
	int err, lost = 0;

	if (!m->windows && !(m->windows = top_windows_new(m->k->o->prices, reterr)))
		lost = reterr->code;
	if (!m->pace)
		m->pace = xcalloc(1, sizeof(*m->pace));
	*m->pace = (struct pace){ 0 };
	if (!m->store)
		forget_rows(m);
	s->takes = on_call;
	s->arg = m;
	err = sessions_read(s, m->k->view, &m->k->query, m->also, reterr);
	sessions_free(m->sessions);
	m->sessions = s;
	m->read_ns = now_ns();
	set_now(m);
	read_live(m);
	top_model_arrange(m);
	return err ? err : lost;
}

/* What the archive got since; on a new day, all of it. */
static int read_more(struct top_model *m, struct error *reterr)
{
	struct view_query q = m->k->query;

	q.after = m->sessions->newest;
	m->read_ns = now_ns();
	if (m->sessions->today_ns != wall_today_ns())
		return top_model_load(m, reterr);
	return sessions_read(m->sessions, m->k->view, &q, m->also, reterr);
}

/* ---- who is blind ---- */

static void add_notes(struct unseen *to, const struct status *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		unseen_copy(to, &s[i].notes);
}

/* Tracers tell it, ours at once. */
static void read_unseen(struct top_model *m)
{
	struct status *others = NULL;
	size_t n, unread;

	m->told_ns = m->monotonic_ns;
	unseen_done(&m->unseen);
	if (m->store) {
		live_store_unseen(m->store, &m->unseen);
		return;
	}
	n = status_file_read_all(&others, &unread);
	add_notes(&m->unseen, others, n);
	for (size_t i = 0; i < n; i++)
		status_done(&others[i]);
	free(others);
}

/* ---- going on ---- */

bool top_model_refresh(struct top_model *m, struct error *reterr)
{
	int64_t second = m->now_ns / SECOND_NS;
	uint64_t newest = m->sessions->newest, changes = m->changes;
	int err = 0;

	if (!top_model_follows(m))
		return false;
	set_now(m);
	if (m->monotonic_ns - m->read_ns >= READ_NS)
		err = read_more(m, reterr);
	if (m->monotonic_ns - m->told_ns >= TELL_NS)
		read_unseen(m);
	if (m->store && live_store_changes(m->store) != changes)
		read_live(m);
	if (m->changes != changes || m->sessions->newest != newest ||
	    second != m->now_ns / SECOND_NS)
		top_model_arrange(m);
	return err || m->changes != changes || m->sessions->newest != newest ||
	       second != m->now_ns / SECOND_NS;
}

int top_model_step(struct top_model *m, int steps, struct error *reterr)
{
	int64_t at = m->cursor_ns ? m->cursor_ns : m->last_ns;
	int64_t step = (m->last_ns - m->first_ns) / STEPS;

	if (m->last_ns <= m->first_ns)
		return 0;
	at += (step ? step : 1) * steps;
	at = at < m->first_ns ? m->first_ns : at;
	m->cursor_ns = at >= m->last_ns ? 0 : at;
	return top_model_load(m, reterr);
}

void top_model_done(struct top_model *m)
{
	forget_rows(m);
	unseen_done(&m->unseen);
	sessions_free(m->sessions);
	free(m->pace);
	top_windows_free(m->windows);
}
