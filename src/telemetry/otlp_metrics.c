/* SPDX-License-Identifier: MIT */
/* Source: metrics.proto of OTLP; ceilings are those that the conventions recommend. */
#include "telemetry/otlp_metrics.h"

#include <math.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/account.h"
#include "json/write.h"
#include "exchange/spender.h"
#include "telemetry/histogram.h"

#define SETS_MAX 1000

enum { CUMULATIVE = 2 };

static const struct bounds token_bounds = { 14,
					    { 1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144,
					      1048576, 4194304, 16777216, 67108864 } };
static const struct bounds second_bounds = { 14,
					     { 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56,
					       5.12, 10.24, 20.48, 40.96, 81.92 } };

enum which { INPUT, OUTPUT, DURATION, FIRST_CHUNK, KINDS };

static const struct {
	enum semconv name;
	const char *unit, *help;
	const struct bounds *bounds;
	const char *token_type; /* NULL: none */
} kinds[KINDS] = {
	{ SEMCONV_METRIC_INPUT_TOKENS, "{token}", "Tokens of calls.", &token_bounds, "input" },
	{ SEMCONV_METRIC_OUTPUT_TOKENS, "{token}", "Tokens of calls.", &token_bounds, "output" },
	{ SEMCONV_METRIC_DURATION, "s", "Duration of calls.", &second_bounds, NULL },
	{ SEMCONV_METRIC_FIRST_CHUNK, "s", "Time to the first output of a stream.", &second_bounds,
	  NULL },
};

/* Of one set of attributes. */
struct set {
	char *service; /* the resource, as text */
	char *key;     /* the attributes, as text */
	json_t *attributes;
	struct histogram of[KINDS];
};

struct otlp_metrics {
	const struct otlp_options *o;
	struct set **sets;
	size_t count;
	bool changed;
	struct answers *answers;
};

struct otlp_metrics *otlp_metrics_new(const struct otlp_options *o)
{
	struct otlp_metrics *m = xcalloc(1, sizeof(*m));

	m->o = o;
	m->answers = answers_new();
	return m;
}

void otlp_metrics_free(struct otlp_metrics *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->count; i++) {
		free(m->sets[i]->key);
		free(m->sets[i]->service);
		json_decref(m->sets[i]->attributes);
		free(m->sets[i]);
	}
	free(m->sets);
	answers_free(m->answers);
	free(m);
}

/* x NULL: of calls that share a set. */
static char *service_of(const struct otlp_metrics *m, const struct exchange *x)
{
	json_t *resource = otlp_service(x, m->o);
	char *text = json_write_text(resource);

	json_decref(resource);
	return text;
}

/* Takes the attributes over. */
static struct set *set_with(struct otlp_metrics *m, const struct exchange *x, json_t *attributes,
			    bool may_add)
{
	AUTO_FREE char *key = json_write_text(attributes), *service = service_of(m, x);
	struct set *s = NULL;

	for (size_t i = 0; !s && i < m->count; i++)
		if (strcmp(m->sets[i]->key, key) == 0 && strcmp(m->sets[i]->service, service) == 0)
			s = m->sets[i];
	if (s || !may_add) {
		json_decref(attributes);
		return s;
	}
	s = xcalloc(1, sizeof(*s));
	*s = (struct set){ .service = xstrdup(service),
			   .key = xstrdup(key),
			   .attributes = attributes };
	m->sets = xgrow(m->sets, m->count, sizeof(struct set *));
	return m->sets[m->count++] = s;
}

static struct set *set_of(struct otlp_metrics *m, const struct exchange *x)
{
	struct attributes a = attributes_new(m->o->newer), other;
	struct set *s;

	otlp_add_call(&a, x);
	s = set_with(m, x, a.list, m->count + 1 < SETS_MAX);
	if (s)
		return s;
	other = attributes_new(m->o->newer);
	attribute_bool(&other, SEMCONV_OVERFLOW, true);
	return set_with(m, NULL, other.list, true);
}

static void add(struct set *s, enum which kind, double amount)
{
	if (amount >= 0)
		histogram_add(&s->of[kind], kinds[kind].bounds, amount, NULL);
}

static double seconds(int64_t ns)
{
	return ns == COUNT_UNKNOWN ? NAN : (double)ns / 1e9;
}

void otlp_metrics_add(struct otlp_metrics *m, const struct exchange *x)
{
	struct account n;
	struct set *s;

	if (!exchange_spends(m->answers, x))
		return;
	exchange_account(x, &n);
	s = set_of(m, x);
	add(s, INPUT, (double)n.input);
	add(s, OUTPUT, (double)n.output);
	add(s, DURATION, seconds(n.duration_ns));
	add(s, FIRST_CHUNK, seconds(n.first_token_ns));
	m->changed = true;
}

/* ---- as JSON ---- */

static json_t *attributes_of(const struct set *s, enum which kind, bool newer)
{
	struct attributes a = { json_copy(s->attributes), newer };

	attribute_text(&a, SEMCONV_TOKEN_TYPE, kinds[kind].token_type);
	return a.list;
}

static json_t *point(const struct set *s, enum which kind, uint64_t start_ns, uint64_t now_ns,
		     bool newer)
{
	const struct histogram *h = &s->of[kind];
	const struct bounds *b = kinds[kind].bounds;
	json_t *o = json_object(), *counts = json_array(), *bounds = json_array();

	for (size_t i = 0; i <= b->count; i++)
		json_array_append_new(counts, otlp_number(h->buckets[i]));
	for (size_t i = 0; i < b->count; i++)
		json_array_append_new(bounds, json_real(b->le[i]));
	json_object_set_new(o, "attributes", attributes_of(s, kind, newer));
	json_object_set_new(o, "startTimeUnixNano", otlp_number(start_ns));
	json_object_set_new(o, "timeUnixNano", otlp_number(now_ns));
	json_object_set_new(o, "count", otlp_number(h->count));
	json_object_set_new(o, "sum", json_real(h->sum));
	json_object_set_new(o, "bucketCounts", counts);
	json_object_set_new(o, "explicitBounds", bounds);
	return o;
}

static void add_points(const struct otlp_metrics *m, enum which kind, const char *service,
		       json_t *points, uint64_t start_ns, uint64_t now_ns)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct set *s = m->sets[i];

		if (s->of[kind].count && strcmp(s->service, service) == 0)
			json_array_append_new(points,
					      point(s, kind, start_ns, now_ns, m->o->newer));
	}
}

/* Input and output are one metric where the conventions have one name for both. */
static bool joins_last(enum which kind, bool newer)
{
	return kind && strcmp(semconv_name(kinds[kind].name, newer),
			      semconv_name(kinds[kind - 1].name, newer)) == 0;
}

static json_t *metric(enum which kind, json_t *points, bool newer)
{
	json_t *o = json_object(), *histogram = json_object();

	json_object_set_new(o, "name", json_string(semconv_name(kinds[kind].name, newer)));
	json_object_set_new(o, "unit", json_string(kinds[kind].unit));
	json_object_set_new(o, "description", json_string(kinds[kind].help));
	json_object_set_new(histogram, "aggregationTemporality", json_integer(CUMULATIVE));
	json_object_set(histogram, "dataPoints", points);
	json_object_set_new(o, "histogram", histogram);
	return o;
}

static void drop_empty(json_t *metrics)
{
	for (size_t i = json_array_size(metrics); i > 0; i--) {
		const json_t *histogram =
			json_object_get(json_array_get(metrics, i - 1), "histogram");

		if (!json_array_size(json_object_get(histogram, "dataPoints")))
			json_array_remove(metrics, i - 1);
	}
}

static json_t *metrics_of(const struct otlp_metrics *m, const char *service, uint64_t start_ns,
			  uint64_t now_ns)
{
	json_t *list = json_array(), *points = NULL;

	for (enum which k = 0; k < KINDS; k++) {
		if (!joins_last(k, m->o->newer)) {
			json_decref(points);
			points = json_array();
			json_array_append_new(list, metric(k, points, m->o->newer));
		}
		add_points(m, k, service, points, start_ns, now_ns);
	}
	json_decref(points);
	drop_empty(list);
	return list;
}

static bool is_first_of(const struct otlp_metrics *m, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(m->sets[i]->service, m->sets[at]->service) == 0)
			return false;
	return true;
}

void otlp_metrics_take(struct otlp_metrics *m, uint64_t start_ns, uint64_t now_ns,
		       otlp_metrics_fn add_one, void *arg)
{
	if (!m->changed)
		return;
	m->changed = false;
	for (size_t i = 0; i < m->count; i++) {
		const char *service = m->sets[i]->service;
		json_t *list, *one;
		size_t at;

		if (!is_first_of(m, i))
			continue;
		list = metrics_of(m, service, start_ns, now_ns);
		json_array_foreach(list, at, one)
			add_one(arg, service, one);
		json_decref(list);
	}
}
