/* SPDX-License-Identifier: MIT */
/* Who or what spent how much. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/units.h"
#include "base/xalloc.h"
#include "cli/kept.h"
#include "report/spend_cells.h"
#include "view/spending.h"
#include "view/sums.h"

static const char *const heads[] = {
	[SPEND_BY_MODEL] = "MODEL",
	[SPEND_BY_PROVIDER] = "PROVIDER",
	[SPEND_BY_USER] = "USER",
	[SPEND_BY_PROGRAM] = "PROGRAM",
	[SPEND_BY_CONTAINER] = "CONTAINER",
	[SPEND_BY_CONVERSATION] = "CONVERSATION",
	[SPEND_BY_DAY] = "DAY",
};

/* What stands for a name that is not known. */
static const char *const nameless[] = {
	[SPEND_BY_MODEL] = "(no model named)",
	[SPEND_BY_PROVIDER] = "(unknown)",
	[SPEND_BY_USER] = "(unknown)",
	[SPEND_BY_PROGRAM] = "(unknown)",
	[SPEND_BY_CONTAINER] = "(no container)",
	[SPEND_BY_CONVERSATION] = "(none)",
	[SPEND_BY_DAY] = "(unknown)",
};

#define COLUMNS_MAX 16

static void make_columns(struct column columns[COLUMNS_MAX], enum spend_by by)
{
	static const struct column sums[] = {
		{ "CALLS", "calls", CELL_NUMBER, 0 },
		{ "FAIL", "failed", CELL_NUMBER, 0 },
		{ "IN", "input_tokens", CELL_TOKENS, 0 },
		{ "CACHED", "cached_tokens", CELL_TOKENS, 0 },
		{ "OUT", "output_tokens", CELL_TOKENS, 0 },
		{ "USD", "cost_usd", CELL_USD, 0 },
		{ NULL, "tokens_unknown", CELL_NUMBER, 0 },
		{ NULL, "cost_unknown", CELL_NUMBER, 0 },
		{ NULL, "cost_at_least", CELL_NUMBER, 0 },
		{ NULL, "free", CELL_NUMBER, 0 },
		{ "OVER TIME", NULL, CELL_TEXT, 0 },
		{ NULL, NULL, CELL_TEXT, 0 },
	};

	*columns++ = (struct column){ heads[by], spend_by_name(by), CELL_TEXT, 12 };
	if (by == SPEND_BY_CONVERSATION)
		*columns++ = (struct column){ NULL, "title", CELL_TEXT, 0 };
	memcpy(columns, sums, sizeof(sums));
}

/* ---- bars ---- */

#define LEVELS 8

/* As high as its share of the row's highest; nothing is a blank, and something is not. */
static void add_bar(struct buf *out, double value, double most, bool utf8)
{
	static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char ascii[] = "_.,:-=+#";
	size_t level = value > 0 ? (size_t)(value / most * (LEVELS - 1) + 0.5) : 0;

	if (level >= LEVELS)
		level = LEVELS - 1;
	if (!(value > 0))
		buf_addc(out, ' ');
	else if (utf8)
		buf_adds(out, blocks[level]);
	else
		buf_addc(out, ascii[level]);
}

static char *bars_of(const struct kept *k, const struct spending *s, const double *bars)
{
	double most = 0;
	struct buf text;

	for (size_t i = 0; i < s->nbars; i++)
		most = bars[i] > most ? bars[i] : most;
	buf_init(&text, 256);
	for (size_t i = 0; i < s->nbars; i++)
		add_bar(&text, bars[i], most, k->utf8);
	return buf_take(&text);
}

/* "bars: USD, each 30m, from 2026-11-29 09:00" */
static void explain_bars(const struct kept *k, const struct spending *s)
{
	static const char *const of[] = { "dollars", "tokens", "calls" };
	time_t first = (time_t)(s->first * 900);
	char text[32];
	struct tm tm;

	if (k->form != TABLE_TEXT || !s->nbars || !localtime_r(&first, &tm))
		return;
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
	printf("over time: %s, each mark %s, from %s on\n", of[s->of],
	       text_duration((uint64_t)s->width * SUMS_QUARTER_NS).text, text);
}

/* ---- rows ---- */

static void add_sum(struct table *t, const struct spend_sum *s)
{
	struct spend_cells c;

	spend_cells_make(&c, s);
	table_number(t, (int64_t)s->calls);
	table_number(t, (int64_t)s->failed);
	table_number(t, s->input);
	table_shown(t, c.in);
	table_number(t, s->known_cache ? s->cached : COUNT_UNKNOWN);
	table_shown(t, c.cached);
	table_number(t, s->output);
	table_shown(t, c.out);
	table_usd(t, s->usd);
	table_shown(t, c.usd);
	table_number(t, (int64_t)s->no_tokens);
	table_number(t, (int64_t)s->no_cost);
	table_number(t, (int64_t)s->at_least);
	table_number(t, (int64_t)s->free);
}

static void add_name(const struct kept *k, struct table *t, const struct spend_row *r)
{
	AUTO_FREE char *both = NULL;

	table_text(t, *r->name ? r->name : NULL);
	if (!*r->name)
		table_shown(t, nameless[k->o->by]);
	if (k->o->by != SPEND_BY_CONVERSATION)
		return;
	if (*r->name && r->asked) {
		both = xasprintf("%.8s %s", r->name, r->asked);
		table_shown(t, both);
	}
	table_text(t, r->asked);
}

static void add_row(const struct kept *k, struct table *t, const struct spending *s,
		    const struct spend_row *r)
{
	AUTO_FREE char *bars = bars_of(k, s, r->bars);

	add_name(k, t, r);
	add_sum(t, &r->sum);
	table_text(t, bars);
}

/* What is past the rows that people are shown, as one. */
static void add_others(const struct kept *k, struct table *t, const struct spending *s, size_t from)
{
	struct spend_row others = { 0 };
	AUTO_FREE char *name = xasprintf("(%zu others)", s->table.count - from), *text = NULL;

	for (size_t i = from; i < s->table.count; i++) {
		spend_sum_join(&others.sum, &s->table.rows[i]->sum);
		for (size_t b = 0; b < SPEND_BARS; b++)
			others.bars[b] += s->table.rows[i]->bars[b];
	}
	text = bars_of(k, s, others.bars);
	table_text(t, name);
	if (k->o->by == SPEND_BY_CONVERSATION)
		table_skip(t);
	add_sum(t, &others.sum);
	table_text(t, text);
}

static void add_rows(const struct kept *k, struct table *t, const struct spending *s)
{
	size_t most = k->form == TABLE_TEXT && k->o->table_rows ? k->o->table_rows : SIZE_MAX;
	/* One alone takes no more room than a line that says so. */
	size_t shown = s->table.count > most && s->table.count - most > 1 ? most : s->table.count;

	for (size_t i = 0; i < shown; i++)
		add_row(k, t, s, s->table.rows[i]);
	if (shown < s->table.count)
		add_others(k, t, s, shown);
}

static void add_total(const struct kept *k, struct table *t, const struct spending *s)
{
	double bars[SPEND_BARS] = { 0 };
	AUTO_FREE char *text = NULL;

	for (size_t i = 0; i < s->table.count; i++)
		for (size_t b = 0; b < SPEND_BARS; b++)
			bars[b] += s->table.rows[i]->bars[b];
	text = bars_of(k, s, bars);
	table_text(t, "total");
	if (k->o->by == SPEND_BY_CONVERSATION)
		table_skip(t);
	add_sum(t, &s->all);
	table_text(t, text);
	table_has_total(t);
}

int spend_run(struct kept *k, struct error *reterr)
{
	struct column columns[COLUMNS_MAX];
	struct spending s;
	struct table *t;
	int err;

	make_columns(columns, k->o->by);
	err = spending_read(&s, k->o->by, k->view, &k->query, reterr);
	t = table_new(columns, k->form);
	add_rows(k, t, &s);
	if (k->form == TABLE_TEXT && s.table.count)
		add_total(k, t, &s);
	kept_print(k, t, false, err);
	explain_bars(k, &s);
	table_free(t);
	spending_done(&s);
	return err;
}
