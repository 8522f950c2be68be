/* SPDX-License-Identifier: MIT */
#include "view/pace.h"

#include "exchange/account.h"
#include "exchange/spender.h"

/* NULL: it is long ago. */
static struct pace_bar *bar_of(struct pace *p, int64_t ns)
{
	int64_t number = ns / PACE_WIDTH_NS;
	struct pace_bar *b = &p->bars[number % PACE_BARS];

	if (number < b->number)
		return NULL;
	if (number > b->number)
		*b = (struct pace_bar){ .number = number };
	return b;
}

/* Evenly from the first token to the end. */
static void spread_output(struct pace *p, const struct account *a)
{
	int64_t first = a->first_token_ns == COUNT_UNKNOWN ? 0 : a->first_token_ns;
	int64_t took = a->duration_ns == COUNT_UNKNOWN ? first : a->duration_ns;
	int64_t from = a->start_ns + first, to = a->start_ns + (took > first ? took : first);
	int64_t spans;
	double each;

	if (to / PACE_WIDTH_NS - from / PACE_WIDTH_NS >= PACE_BARS)
		from = to - (PACE_BARS - 1) * PACE_WIDTH_NS;
	spans = to / PACE_WIDTH_NS - from / PACE_WIDTH_NS + 1;
	each = (double)a->output / (double)spans;
	for (int64_t n = from / PACE_WIDTH_NS; n <= to / PACE_WIDTH_NS; n++) {
		struct pace_bar *b = bar_of(p, n * PACE_WIDTH_NS);

		if (b)
			b->output += each;
	}
}

void pace_add(struct pace *p, const struct exchange *x)
{
	struct account a;
	struct pace_bar *b;
	int64_t end;

	exchange_account(x, &a);
	if (a.first_token_ns != COUNT_UNKNOWN)
		latency_add(&p->first_token, (uint64_t)a.first_token_ns);
	if (a.start_ns <= 0)
		return;
	end = a.start_ns + (a.duration_ns == COUNT_UNKNOWN ? 0 : a.duration_ns);
	p->last_ns = end > p->last_ns ? end : p->last_ns;
	if (a.output > 0)
		spread_output(p, &a);
	b = bar_of(p, a.start_ns);
	if (!b)
		return;
	b->calls++;
	b->failed += exchange_failed(x);
	b->input += a.input > 0 ? (double)a.input : 0;
	b->usd += a.priced ? a.usd : 0;
}

struct pace_bar pace_sum(const struct pace *p, int64_t until_ns, int64_t span_ns)
{
	int64_t last = until_ns / PACE_WIDTH_NS, n = span_ns / PACE_WIDTH_NS;
	struct pace_bar sum = { .number = last };

	for (int64_t i = last; i > 0 && i > last - n && i > last - PACE_BARS; i--) {
		const struct pace_bar *b = &p->bars[i % PACE_BARS];

		if (b->number != i)
			continue;
		sum.input += b->input;
		sum.output += b->output;
		sum.usd += b->usd;
		sum.calls += b->calls;
		sum.failed += b->failed;
	}
	return sum;
}

struct pace_rate pace_rate(const struct pace *p, int64_t until_ns)
{
	struct pace_bar sum = pace_sum(p, until_ns, PACE_RATE_NS);
	double seconds = (double)PACE_RATE_NS / 1e9;

	return (struct pace_rate){ sum.input / seconds, sum.output / seconds, sum.calls / seconds };
}
