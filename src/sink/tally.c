/* SPDX-License-Identifier: MIT */
#include "sink/tally.h"

static uint64_t digest(const char *s)
{
	uint64_t h = 14695981039346656037ull; /* FNV-1a */

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 1099511628211ull;
	return h;
}

static void add_agent(struct tally *t, const char *program)
{
	uint64_t d = digest(program);

	for (size_t i = 0; i < t->nagents; i++)
		if (t->agents[i] == d)
			return;
	if (t->nagents < TALLY_AGENTS)
		t->agents[t->nagents++] = d;
}

static void add_tokens(struct tally *t, const struct exchange *x)
{
	const struct usage *u = &x->usage;

	t->unknown_tokens += exchange_tokens_unknown(x);
	t->any_tokens |= u->input != COUNT_UNKNOWN || u->output != COUNT_UNKNOWN;
	t->input += u->input > 0 ? (uint64_t)u->input : 0;
	t->output += u->output > 0 ? (uint64_t)u->output : 0;
}

/* What has no tokens, such as a call that was refused, has no price to miss. */
static void add_cost(struct tally *t, const struct exchange *x)
{
	bool spends = x->usage.input > 0 || x->usage.output > 0 || exchange_tokens_unknown(x);

	if (x->cost.source == COST_UNKNOWN) {
		t->some_unknown |= spends;
		return;
	}
	t->any_usd |= x->cost.source != COST_LOCAL;
	t->usd += x->cost.usd;
	t->some_unknown |= x->cost.partial;
}

static bool has_failed(const struct exchange *x)
{
	return x->error || x->status >= 400 || !x->response_seen;
}

void tally_add(struct tally *t, const struct exchange *x)
{
	if (x->twin_of)
		return; /* the other end's record counts */
	if (x->kind != EXCHANGE_LLM || exchange_counts(x)) {
		t->others++;
		return;
	}
	t->calls++;
	t->failed += has_failed(x);
	t->unmeasured += !has_failed(x) && !exchange_counts(x) && x->usage.input == COUNT_UNKNOWN &&
			 x->usage.output == COUNT_UNKNOWN;
	add_agent(t, exchange_program(x));
	add_tokens(t, x);
	add_cost(t, x);
}
