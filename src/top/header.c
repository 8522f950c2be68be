/* SPDX-License-Identifier: MIT */
#include "top/header.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/units.h"
#include "base/xalloc.h"
#include "report/spend_cells.h"

#define SECOND_NS 1000000000ll
#define HOUR_NS	  (3600 * SECOND_NS)
#define BARS_MOST 30
/* Programs that are named. */
#define NAMED_MAX 3

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static const char *dollar(const char *usd)
{
	return *usd >= '0' && *usd <= '9' ? "$" : "";
}

/* ---- sums ---- */

static void add_cursor(struct buf *text, const struct top_model *m)
{
	time_t seconds = (time_t)(m->cursor_ns / SECOND_NS);
	char when[32];
	struct tm tm;

	if (!m->cursor_ns || !localtime_r(&seconds, &tm))
		return;
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	buf_addf(text, "  as of %s", when);
}

void top_write_totals(struct buf *line, const struct top_layout *l, const struct top_model *m)
{
	const struct sessions *s = m->sessions;
	AUTO_FREE char *whole = NULL;
	struct buf text;

	buf_init(&text, TOP_LINE_MAX);
	buf_addf(&text, "llm-spy top  %zu agent%s, %" PRIu64 " call%s, %" PRIu64 " failed",
		 s->count, plural(s->count), s->all.calls, plural(s->all.calls), s->all.failed);
	if (m->live)
		buf_addf(&text, ", %zu under way", m->live);
	if (m->name)
		buf_addf(&text, "  %s", m->name);
	add_cursor(&text, m);
	if (m->ended)
		buf_addf(&text, "  (%s)", m->ended);
	whole = buf_take(&text);
	top_write_text(line, l, whole);
}

void top_write_spent(struct buf *line, const struct top_layout *l, const struct top_model *m)
{
	const struct sessions *s = m->sessions;
	struct spend_cells all, today;
	AUTO_FREE char *text = NULL;
	char hour[64] = "";
	double usd = m->pace ? pace_sum(m->pace, m->now_ns, HOUR_NS).usd : 0;

	spend_cells_make(&all, &s->all);
	spend_cells_make(&today, &s->today);
	if (usd > 0)
		snprintf(hour, sizeof(hour), ", last hour %s", text_usd(usd).text);
	text = xasprintf("tokens in %s, cached %s, out %s  cost %s%s, today %s%s%s", all.in,
			 all.cached, all.out, dollar(all.usd), all.usd, dollar(today.usd),
			 today.usd, hour);
	top_write_text(line, l, text);
}

/* ---- how fast ---- */

/* As a share of the highest of them. */
static void add_bars(struct buf *text, const double *values, unsigned n, bool utf8)
{
	static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const plain[] = { "_", ".", ",", "-", "=", "+", "*", "#" };
	double highest = 0;

	for (unsigned i = 0; i < n; i++)
		highest = values[i] > highest ? values[i] : highest;
	for (unsigned i = 0; i < n; i++) {
		unsigned level = highest > 0 ? (unsigned)(values[i] * 7 / highest + 0.5) : 0;

		level += level == 0 && values[i] > 0;
		buf_adds(text, (utf8 ? blocks : plain)[level < 8 ? level : 7]);
	}
}

static unsigned bars_in(unsigned width)
{
	unsigned n = width >= 140 ? BARS_MOST : width >= 100 ? 15 : 12;

	return width >= 60 ? n : 0;
}

/* Tenths count where there is little. */
static struct unit_text rate_text(double rate)
{
	struct unit_text ret;

	if (rate == 0 || rate >= 10)
		return text_tokens((uint64_t)rate);
	snprintf(ret.text, sizeof(ret.text), "%.1f", rate);
	return ret;
}

static void add_rates(struct buf *text, const struct top_layout *l, const struct top_model *m)
{
	struct pace_rate rate = pace_rate(m->pace, m->now_ns);
	unsigned n = bars_in(l->width);
	double in[BARS_MOST] = { 0 }, out[BARS_MOST] = { 0 };
	int64_t each = n ? PACE_SHOWN_NS / n : 0;

	for (unsigned i = 0; i < n; i++) {
		struct pace_bar b = pace_sum(m->pace, m->now_ns - (n - 1 - i) * each, each);

		in[i] = b.input;
		out[i] = b.output;
	}
	buf_adds(text, "tok/s in ");
	add_bars(text, in, n, l->utf8);
	buf_addf(text, "%s%s  out ", n ? " " : "", rate_text(rate.input).text);
	add_bars(text, out, n, l->utf8);
	buf_addf(text, "%s%s  %.2g call/s", n ? " " : "", rate_text(rate.output).text, rate.calls);
}

static void add_first_token(struct buf *text, const struct top_model *m)
{
	const struct latency *l = &m->pace->first_token;

	if (l->count)
		buf_addf(text, "  ttft %s p95 %s", text_duration(latency_percentile(l, 50)).text,
			 text_duration(latency_percentile(l, 95)).text);
}

/* Who runs and cannot be seen. */
static void add_blind(struct buf *text, const struct unseen *u)
{
	size_t all = unseen_running(u), named = 0;

	if (all)
		buf_addf(text, "  blind %zu:", all);
	for (size_t i = 0; i < u->count && named < NAMED_MAX; i++) {
		const struct unseen_note *n = &u->items[i];

		if (n->pid && !n->ended)
			buf_addf(text, "%s %s[%d]", named++ ? "," : "", n->name ? n->name : "?",
				 (int)n->pid);
	}
	if (all > named)
		buf_adds(text, " ...");
}

void top_write_pace(struct buf *line, const struct top_layout *l, const struct top_model *m)
{
	AUTO_FREE char *whole = NULL;
	struct buf text;

	buf_init(&text, TOP_LINE_MAX);
	add_rates(&text, l, m);
	add_first_token(&text, m);
	add_blind(&text, &m->unseen);
	whole = buf_take(&text);
	top_write_text(line, l, whole);
}
