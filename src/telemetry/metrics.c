/* SPDX-License-Identifier: MIT */
#include "telemetry/metrics.h"

#include <math.h>
#include <stdlib.h>

#include "base/safe_text.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "exchange/account.h"
#include "exchange/spender.h"

/* Bytes of a label; no name of a model or program is as long. */
#define LABEL_MAX 128

static const struct bounds duration_bounds = {
	12, { 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320 }
};
static const struct bounds first_token_bounds = {
	11, { 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64 }
};
static const struct bounds speed_bounds = { 10, { 5, 10, 20, 40, 60, 80, 120, 160, 320, 640 } };

#define COUNTER(name, unit, help)
#define VALUE(label, value, amount)
#define HISTOGRAM(id, name, unit, bounds, help, amount) &(bounds),
#define STATE(type, name, unit, help, amount)
const struct bounds *const metric_bounds[METRIC_HISTOGRAMS] = {
#include "telemetry/metrics.def"
};
#undef COUNTER
#undef VALUE
#undef HISTOGRAM
#undef STATE

const char *const metric_labels[LABELS] = { "provider", "model", "program", "user" };

struct metrics *metrics_new(size_t max_sets)
{
	struct metrics *m = xcalloc(1, sizeof(*m));

	m->max = max_sets;
	m->answers = answers_new();
	return m;
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->count; i++) {
		for (size_t l = 0; l < LABELS; l++)
			free(m->sets[i]->labels[l]);
		free(m->sets[i]);
	}
	free(m->sets);
	answers_free(m->answers);
	free(m);
}

/* ---- the tracer ---- */

void health_set(int64_t *of, uint64_t value)
{
	__atomic_store_n(of, (int64_t)value, __ATOMIC_RELAXED);
}

struct health health_read(const struct health *h)
{
	if (!h)
		return HEALTH_UNKNOWN;
	return (struct health){
		.missing_bytes = __atomic_load_n(&h->missing_bytes, __ATOMIC_RELAXED),
		.lost_events = __atomic_load_n(&h->lost_events, __ATOMIC_RELAXED),
		.blind = __atomic_load_n(&h->blind, __ATOMIC_RELAXED),
	};
}

/* ---- label sets ---- */

struct labels {
	char text[LABELS][LABEL_MAX];
};

/* Who asks for metrics may do it at a terminal. */
static void put(struct labels *l, enum metric_label which, const char *text)
{
	struct buf safe;

	buf_init(&safe, 4 * LABEL_MAX);
	safe_text_add(&safe, span_str(text && *text ? text : "unknown"), true, LABEL_MAX);
	utf8_cut(buf_span(&safe), l->text[which], LABEL_MAX);
	buf_done(&safe);
}

/* A gateway calls for somebody else, as in the summary. */
static void find_labels(const struct exchange *x, struct labels *ret)
{
	const struct leg *of = &x->made_for;
	char number[16];

	snprintf(number, sizeof(number), "%u", x->uid);
	put(ret, LABEL_PROVIDER, x->provider);
	put(ret, LABEL_MODEL, exchange_model(x));
	put(ret, LABEL_PROGRAM, of->tgid && of->program ? of->program : exchange_program(x));
	put(ret, LABEL_USER, of->tgid && of->user ? of->user : x->user ? x->user : number);
}

static void merge_labels(struct labels *l)
{
	for (size_t i = 0; i < LABELS; i++)
		put(l, (enum metric_label)i, "other");
}

/* FNV-1a, to compare most with one word. */
static uint64_t hash(const struct labels *l)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < LABELS; i++)
		for (const char *c = l->text[i];; c++) {
			h = (h ^ (uint8_t)*c) * 0x100000001b3;
			if (!*c)
				break;
		}
	return h;
}

static bool is_of(const struct metric_set *s, const struct labels *l, uint64_t h)
{
	if (s->hash != h)
		return false;
	for (size_t i = 0; i < LABELS; i++)
		if (strcmp(s->labels[i], l->text[i]) != 0)
			return false;
	return true;
}

static struct metric_set *find(const struct metrics *m, const struct labels *l)
{
	uint64_t h = hash(l);

	for (size_t i = 0; i < m->count; i++)
		if (is_of(m->sets[i], l, h))
			return m->sets[i];
	return NULL;
}

static struct metric_set *add_set(struct metrics *m, const struct labels *l)
{
	struct metric_set *s = xcalloc(1, sizeof(*s));

	s->hash = hash(l);
	for (size_t i = 0; i < LABELS; i++)
		s->labels[i] = xstrdup(l->text[i]);
	m->sets = xgrow(m->sets, m->count, sizeof(struct metric_set *));
	return m->sets[m->count++] = s;
}

/* The last one is that of all others. */
static struct metric_set *set_of(struct metrics *m, const struct exchange *x)
{
	struct metric_set *s;
	struct labels l;

	find_labels(x, &l);
	s = find(m, &l);
	if (s || m->count + 1 < m->max)
		return s ? s : add_set(m, &l);
	m->merged++;
	merge_labels(&l);
	s = find(m, &l);
	return s ? s : add_set(m, &l);
}

/* ---- one call ---- */

static double known(int64_t n)
{
	return n == COUNT_UNKNOWN ? NAN : (double)n;
}

static double seconds(int64_t ns)
{
	return ns == COUNT_UNKNOWN ? NAN : (double)ns / 1e9;
}

/* What came in one piece tells no speed. */
static double tokens_per_second(const struct exchange *x, const struct account *a)
{
	if (a->first_token_ns == COUNT_UNKNOWN || a->output <= 0 ||
	    x->t.response_last <= x->t.first_token)
		return NAN;
	return (double)a->output * 1e9 / (double)(x->t.response_last - x->t.first_token);
}

static void add_values(struct metric_set *s, const struct exchange *x, const struct account *a)
{
	const double amounts[] = {
#define COUNTER(name, unit, help)
#define VALUE(label, value, amount) amount,
#define HISTOGRAM(id, name, unit, bounds, help, amount)
#define STATE(type, name, unit, help, amount)
#include "telemetry/metrics.def"
#undef COUNTER
#undef VALUE
#undef HISTOGRAM
#undef STATE
	};

	for (size_t i = 0; i < METRIC_VALUES; i++) {
		if (isnan(amounts[i]) || amounts[i] < 0)
			continue;
		s->values[i] += amounts[i];
		s->known[i] = true;
	}
}

static void add_histograms(struct metric_set *s, const struct exchange *x, const struct account *a,
			   const struct exemplar *e)
{
	const double amounts[] = {
#define COUNTER(name, unit, help)
#define VALUE(label, value, amount)
#define HISTOGRAM(id, name, unit, bounds, help, amount) amount,
#define STATE(type, name, unit, help, amount)
#include "telemetry/metrics.def"
#undef COUNTER
#undef VALUE
#undef HISTOGRAM
#undef STATE
	};

	for (size_t i = 0; i < METRIC_HISTOGRAMS; i++)
		if (!isnan(amounts[i]))
			histogram_add(&s->histograms[i], metric_bounds[i], amounts[i], e);
}

void metrics_add(struct metrics *m, const struct exchange *x)
{
	struct exemplar e = { .wall_ns = exchange_wall_ns(x, x->t.response_last) };
	struct trace_context trace;
	struct metric_set *s;
	struct account a;

	if (!exchange_spends(m->answers, x))
		return;
	s = set_of(m, x);
	exchange_account(x, &a);
	if (trace_context_of(x, &trace))
		memcpy(e.trace, trace.trace, sizeof(e.trace));
	add_values(s, x, &a);
	add_histograms(s, x, &a, &e);
}
