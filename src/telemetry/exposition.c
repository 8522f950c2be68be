/* SPDX-License-Identifier: MIT */
/* Source: Prometheus's "Exposition formats", OpenMetrics 1.0. They differ in little: in OpenMetrics
 * the head of a counter lacks "_total", units and exemplars are told, and "# EOF" ends it. */
#include "telemetry/exposition.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME_MAX_BYTES 80

struct writer_state {
	struct buf *out;
	const struct metrics *m;
	enum exposition_format format;
};

static bool is_open(const struct writer_state *w)
{
	return w->format == EXPOSITION_OPENMETRICS;
}

static void number(struct buf *o, double v)
{
	char text[40];

	snprintf(text, sizeof(text), "%.15g", v);
	if (strtod(text, NULL) != v)
		snprintf(text, sizeof(text), "%.17g", v);
	buf_adds(o, text);
}

/* Of a label, which has no control characters. */
static void quoted(struct buf *o, const char *text)
{
	buf_addc(o, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_addc(o, '\\');
		buf_addc(o, *text);
	}
	buf_addc(o, '"');
}

static void head(const struct writer_state *w, const char *name, enum metric_type type,
		 const char *unit, const char *help)
{
	static const char *const types[] = { "counter", "gauge", "histogram" };
	const char *end = type == METRIC_COUNTER && !is_open(w) ? "_total" : "";

	buf_addf(w->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, end, help, name, end,
		 types[type]);
	if (is_open(w) && *unit)
		buf_addf(w->out, "# UNIT %s %s\n", name, unit);
}

/* Without the brace that ends them. */
static void labels(struct buf *o, const struct metric_set *s)
{
	for (size_t i = 0; i < LABELS; i++) {
		buf_addf(o, "%c%s=", i ? ',' : '{', metric_labels[i]);
		quoted(o, s->labels[i]);
	}
}

static void value(const struct writer_state *w, const char *name, const char *label, const char *of,
		  size_t which)
{
	for (size_t i = 0; i < w->m->count; i++) {
		const struct metric_set *s = w->m->sets[i];

		if (!s->known[which])
			continue;
		buf_addf(w->out, "%s_total", name);
		labels(w->out, s);
		if (label)
			buf_addf(w->out, ",%s=\"%s\"", label, of);
		buf_adds(w->out, "} ");
		number(w->out, s->values[which]);
		buf_addc(w->out, '\n');
	}
}

static void exemplar(const struct writer_state *w, const struct exemplar *e)
{
	if (!is_open(w) || !e->trace[0])
		return;
	buf_addf(w->out, " # {trace_id=\"%s\"} ", e->trace);
	number(w->out, e->value);
	if (e->wall_ns > 0)
		buf_addf(w->out, " %lld.%03d", (long long)(e->wall_ns / 1000000000),
			 (int)(e->wall_ns / 1000000 % 1000));
}

/* A whole number is written as one of these too: OpenMetrics has le="1.0". */
static void bucket(const struct writer_state *w, const char *name, const struct metric_set *s,
		   double le)
{
	buf_addf(w->out, "%s_bucket", name);
	labels(w->out, s);
	buf_adds(w->out, ",le=\"");
	if (isinf(le))
		buf_adds(w->out, "+Inf");
	else
		number(w->out, le);
	if (!isinf(le) && le == floor(le))
		buf_adds(w->out, ".0");
	buf_adds(w->out, "\"} ");
}

static void histogram_of(const struct writer_state *w, const char *name, const struct metric_set *s,
			 enum metric_histogram which)
{
	const struct histogram *h = &s->histograms[which];
	const struct bounds *b = metric_bounds[which];
	uint64_t below = 0;

	for (size_t i = 0; i <= b->count; i++) {
		below += h->buckets[i];
		bucket(w, name, s, i < b->count ? b->le[i] : INFINITY);
		buf_addf(w->out, "%llu", (unsigned long long)below);
		exemplar(w, &h->exemplars[i]);
		buf_addc(w->out, '\n');
	}
	buf_addf(w->out, "%s_sum", name);
	labels(w->out, s);
	buf_adds(w->out, "} ");
	number(w->out, h->sum);
	buf_addf(w->out, "\n%s_count", name);
	labels(w->out, s);
	buf_addf(w->out, "} %llu\n", (unsigned long long)h->count);
}

static void histogram(const struct writer_state *w, const char *name, enum metric_histogram which)
{
	for (size_t i = 0; i < w->m->count; i++)
		if (w->m->sets[i]->histograms[which].count)
			histogram_of(w, name, w->m->sets[i], which);
}

static double known(int64_t n)
{
	return n == COUNT_UNKNOWN ? NAN : (double)n;
}

static void state(const struct writer_state *w, enum metric_type type, const char *name,
		  const char *unit, const char *help, double amount)
{
	if (isnan(amount))
		return;
	head(w, name, type, unit, help);
	buf_addf(w->out, "%s%s ", name, type == METRIC_COUNTER ? "_total" : "");
	number(w->out, amount);
	buf_addc(w->out, '\n');
}

static void build(const struct writer_state *w, const char *version)
{
	static const char help[] = "The llm-spy that says this; always 1.";

	if (is_open(w))
		buf_addf(w->out, "# HELP llm_spy_build %s\n# TYPE llm_spy_build info\n", help);
	else
		buf_addf(w->out, "# HELP llm_spy_build_info %s\n# TYPE llm_spy_build_info gauge\n",
			 help);
	buf_adds(w->out, "llm_spy_build_info{version=");
	quoted(w->out, version);
	buf_adds(w->out, "} 1\n");
}

void exposition_write(struct buf *out, const struct metrics *m, const struct health *h,
		      const char *version, enum exposition_format format)
{
	const struct writer_state writer = { out, m, format }, *w = &writer;
	const char *current = NULL;
	size_t which = 0;

#define COUNTER(name, unit, help) head(w, current = name, METRIC_COUNTER, unit, help);
#define VALUE(label, of, amount)  value(w, current, label, of, which++);
#define HISTOGRAM(id, name, unit, bounds, help, amount)                                            \
	head(w, name, METRIC_HISTOGRAM, unit, help);                                               \
	histogram(w, name, METRIC_##id);
#define STATE(type, name, unit, help, amount) state(w, METRIC_##type, name, unit, help, amount);
#include "telemetry/metrics.def"
#undef COUNTER
#undef VALUE
#undef HISTOGRAM
#undef STATE
	build(w, version);
	if (is_open(w))
		buf_adds(out, "# EOF\n");
}

const char *exposition_type(enum exposition_format format)
{
	return format == EXPOSITION_OPENMETRICS
		       ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
		       : "text/plain; version=0.0.4; charset=utf-8";
}
