/* SPDX-License-Identifier: MIT */
#include "view/live_sessions.h"

#include "exchange/retry_after.h"
#include "exchange/spender.h"
#include "view/sessions_int.h"
#include "view/view_int.h"

/* An archive has it by then. */
#define WRITTEN_NS 2500000000ull

bool live_call_counts(const struct registry_row *row, const struct view_query *q,
		      const struct select *also)
{
	const struct exchange *x = row->x;

	if (x->kind != EXCHANGE_LLM || x->hidden || x->twin_of || x->via.tgid || exchange_counts(x))
		return false;
	return view_has(q, x, true) && (!also || select_words_have(also, x));
}

/* Until when the answer asks to wait; 0: it does not. */
static uint64_t waits_until(const struct registry_row *row)
{
	int64_t ms = exchange_failed(row->x) ? exchange_retry_after_ms(row->x) : COUNT_UNKNOWN;

	return ms == COUNT_UNKNOWN ? 0 : row->changed_ns + (uint64_t)ms * 1000000;
}

static bool is_shown(const struct registry_row *row, uint64_t now)
{
	return row->in_flight || row->changed_ns + WRITTEN_NS > now || waits_until(row) > now;
}

size_t sessions_set_live(struct sessions *s, const struct registry_row *rows, size_t count,
			 const struct view_query *q, const struct select *also, uint64_t now_ns)
{
	size_t live = 0;

	for (size_t i = 0; i < s->count; i++) {
		s->rows[i]->live = 0;
		s->rows[i]->now = NULL;
	}
	for (size_t i = 0; i < count; i++) {
		struct session *r;

		if (!is_shown(&rows[i], now_ns) || !live_call_counts(&rows[i], q, also))
			continue;
		r = sessions_row(s, rows[i].x);
		r->live += rows[i].in_flight;
		live += rows[i].in_flight;
		if (!r->now || rows[i].in_flight >= r->now->in_flight)
			r->now = &rows[i];
	}
	sessions_drop_empty(s);
	return live;
}
