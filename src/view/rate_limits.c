/* SPDX-License-Identifier: MIT */
#include "view/rate_limits.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "exchange/headers.h"
#include "exchange/retry_after.h"
#include "exchange/spender.h"
#include "select/amount.h"
#include "select/when.h"

/* Past so many providers and models, the rest is left out. */
#define ROWS_MAX 1000
/* A number of seconds that is larger is a moment. */
#define MOMENT_MIN 1000000000ull

static const struct {
	const char *what, *limit, *remaining, *reset;
} names[] = {
#define RATE(what, limit, remaining, reset) { what, limit, remaining, reset },
#include "sink/rate_limits.def"
#undef RATE
};

struct rate_limits {
	struct rate_limit *rows;
	size_t count;
};

struct rate_limits *rate_limits_new(void)
{
	return xcalloc(1, sizeof(struct rate_limits));
}

void rate_limits_free(struct rate_limits *r)
{
	for (size_t i = 0; r && i < r->count; i++) {
		free(r->rows[i].provider);
		free(r->rows[i].model);
	}
	if (r)
		free(r->rows);
	free(r);
}

const struct rate_limit *rate_limits_get(const struct rate_limits *r, size_t i)
{
	return i < r->count ? &r->rows[i] : NULL;
}

/* ---- header fields ---- */

/* The field's text; NULL: there is none, or it is longer than any of these. */
static char *text_of(const struct exchange *x, const char *name)
{
	struct span s = span_trim(headers_find(&x->response_headers, name));

	return s.len && s.len < 64 ? xstrndup((const char *)s.ptr, s.len) : NULL;
}

static int64_t number_of(const struct exchange *x, const char *name)
{
	AUTO_FREE char *text = text_of(x, name);
	uint64_t n;

	return text && amount_number(text, INT64_MAX, &n) == 0 ? (int64_t)n : COUNT_UNKNOWN;
}

/* "6m0s", "30" (seconds) or "1795942800" after the answer's head; or a moment as in RFC 3339. */
static int64_t moment_of(const struct exchange *x, const char *name)
{
	AUTO_FREE char *text = text_of(x, name);
	int64_t now = exchange_wall_ns(x, x->t.response_first), moment;
	uint64_t n;

	if (!text || !now)
		return COUNT_UNKNOWN;
	if (amount_number(text, UINT32_MAX, &n) == 0 && n >= MOMENT_MIN)
		return (int64_t)n * 1000000000;
	if (amount_time(text, &n) == 0)
		return now + (int64_t)n;
	return strchr(text, 'T') && when_read(text, now / 1000000000, &moment) == 0 ? moment
										    : COUNT_UNKNOWN;
}

static void read_rates(struct rate_limit *l, const struct exchange *x)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && l->count < RATES_MAX; i++) {
		struct rate r = { .what = names[i].what,
				  .limit = number_of(x, names[i].limit),
				  .remaining = number_of(x, names[i].remaining) };

		if (r.limit == COUNT_UNKNOWN && r.remaining == COUNT_UNKNOWN)
			continue;
		r.resets_ns = moment_of(x, names[i].reset);
		l->rates[l->count++] = r;
	}
}

/* ---- rows ---- */

static bool same(const char *a, const char *b)
{
	return (!a && !b) || string_eq(a, b);
}

static struct rate_limit *row_of(struct rate_limits *r, const char *provider, const char *model)
{
	for (size_t i = 0; i < r->count; i++)
		if (same(r->rows[i].provider, provider) && same(r->rows[i].model, model))
			return &r->rows[i];
	if (r->count == ROWS_MAX)
		return NULL;
	r->rows = xgrow(r->rows, r->count, sizeof(*r->rows));
	r->rows[r->count].provider = provider ? xstrdup(provider) : NULL;
	r->rows[r->count].model = model ? xstrdup(model) : NULL;
	return &r->rows[r->count++];
}

void rate_limits_add(struct rate_limits *r, const struct exchange *x)
{
	struct rate_limit told = { .at_ns = exchange_wall_ns(x, x->t.response_first),
				   .retry_after_ms = exchange_retry_after_ms(x) };
	struct rate_limit *row;
	struct spender of;

	if (x->kind != EXCHANGE_LLM || x->twin_of)
		return;
	read_rates(&told, x);
	if (!told.count && told.retry_after_ms == COUNT_UNKNOWN)
		return;
	exchange_spender(x, &of);
	row = row_of(r, x->provider, of.model);
	if (!row || row->at_ns > told.at_ns)
		return;
	told.provider = row->provider;
	told.model = row->model;
	*row = told;
}
