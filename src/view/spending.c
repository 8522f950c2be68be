/* SPDX-License-Identifier: MIT */
#include "view/spending.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/xalloc.h"
#include "exchange/spender.h"
#include "view/sums.h"

#define QUARTER_S 900
/* A time that is later is none: the year 2262 is the last that nanoseconds have. */
#define QUARTERS_MAX (INT64_MAX / SUMS_QUARTER_NS)

const char *spend_by_name(enum spend_by by)
{
	static const char *const names[] = {
		[SPEND_BY_MODEL] = "model",
		[SPEND_BY_PROVIDER] = "provider",
		[SPEND_BY_USER] = "user",
		[SPEND_BY_PROGRAM] = "program",
		[SPEND_BY_CONTAINER] = "container",
		[SPEND_BY_CONVERSATION] = "conversation",
		[SPEND_BY_DAY] = "day",
	};

	return names[by];
}

/* ---- rows ---- */

/* What came to a row in each quarter, for bars whose width is known at the end. */
struct came {
	int64_t quarter;
	double of[3]; /* by enum spend_bars */
};

struct spending_row {
	struct spend_row *row;
	struct came *came;
	size_t count;
};

struct spending_index {
	void *by_name; /* of spending_row, by tsearch */
	struct spending_row **rows;
	size_t count;
	bool in_order; /* what has a name comes one after another: nothing is looked up */
};

/* The names of one call or of several that have them in common. */
struct names {
	const char *model, *asked, *provider, *program, *user, *container, *conversation, *title;
	int64_t quarter; /* 0: not known */
};

static int by_name(const void *a, const void *b)
{
	const struct spending_row *x = a, *y = b;

	return strcmp(x->row->name, y->row->name);
}

static struct spending_row **last_row(const struct spending_index *index)
{
	return index->count ? &index->rows[index->count - 1] : NULL;
}

static struct spending_row *row_of(struct spending *s, const char *name)
{
	struct spend_row of = { .name = (char *)name };
	struct spending_row key = { .row = &of }, **found, *r;

	found = s->index->in_order ? last_row(s->index) : tfind(&key, &s->index->by_name, by_name);
	if (found && strcmp((*found)->row->name, name) == 0)
		return *found;
	r = xcalloc(1, sizeof(*r));
	r->row = xcalloc(1, sizeof(*r->row));
	r->row->name = xstrdup(name);
	r->row->nameless = !*name;
	if (!s->index->in_order)
		tsearch(r, &s->index->by_name, by_name);
	s->index->rows = xgrow(s->index->rows, s->index->count, sizeof(struct spending_row *));
	s->index->rows[s->index->count++] = r;
	s->table.rows = xgrow(s->table.rows, s->table.count, sizeof(struct spend_row *));
	s->table.rows[s->table.count++] = r->row;
	return r;
}

/* "2026-11-29"; empty where it is not known. */
static void day_of(int64_t quarter, char ret[24])
{
	time_t t = (time_t)(quarter * QUARTER_S);
	struct tm tm;

	*ret = '\0';
	if (quarter > 0 && localtime_r(&t, &tm))
		strftime(ret, 24, "%Y-%m-%d", &tm);
}

static const char *name_by(enum spend_by by, const struct names *n, char day[24])
{
	day_of(n->quarter, day);
	switch (by) {
	case SPEND_BY_MODEL:
		return n->model;
	case SPEND_BY_PROVIDER:
		return n->provider;
	case SPEND_BY_USER:
		return n->user;
	case SPEND_BY_PROGRAM:
		return n->program;
	case SPEND_BY_CONTAINER:
		return n->container;
	case SPEND_BY_CONVERSATION:
		return n->conversation;
	case SPEND_BY_DAY:
		return day;
	case SPEND_BYS:
		break;
	}
	return "";
}

static void add_came(struct spending_row *r, int64_t quarter, const struct spend_sum *sum)
{
	struct came *c = r->count ? &r->came[r->count - 1] : NULL;

	if (!c || c->quarter != quarter) {
		r->came = xgrow(r->came, r->count, sizeof(*r->came));
		c = &r->came[r->count++];
		c->quarter = quarter;
	}
	c->of[SPEND_BARS_USD] += sum->usd;
	c->of[SPEND_BARS_TOKENS] += (double)sum->input + (double)sum->output;
	c->of[SPEND_BARS_CALLS] += (double)sum->calls;
}

static void add(struct spending *s, const struct names *n, const struct spend_sum *sum)
{
	const char *note = s->by == SPEND_BY_MODEL	    ? n->asked
			   : s->by == SPEND_BY_CONVERSATION ? n->title
							    : NULL;
	struct spending_row *r;
	char day[24];

	r = row_of(s, name_by(s->by, n, day));
	if (note && *note && !r->row->asked)
		r->row->asked = xstrdup(note);
	spend_sum_join(&r->row->sum, sum);
	spend_sum_join(&s->all, sum);
	if (n->quarter > 0)
		add_came(r, n->quarter, sum);
}

/* ---- sources ---- */

static const char *known(const char *text)
{
	return text ? text : "";
}

void spending_add(struct spending *s, const struct exchange *x)
{
	struct spend_sum sum = { 0 };
	struct spender of;
	struct names n;

	exchange_spender(x, &of);
	n = (struct names){
		.model = known(of.model),
		.asked = of.asked,
		.provider = known(x->provider),
		.program = of.program,
		.user = spender_user(&of),
		.container = known(exchange_container(x)),
		.conversation = x->conversation.id,
		.title = x->conversation.title,
		.quarter = exchange_began_ns(x) / SUMS_QUARTER_NS,
	};
	spend_sum_add(&sum, x);
	add(s, &n, &sum);
}

static int on_exchange(void *arg, const struct exchange *x, struct error *reterr)
{
	spending_add(arg, x);
	return 0;
}

struct summing {
	struct spending *spending;
	const struct select *select;
};

/* "" is what is not known. */
static char *text_of(const char *text)
{
	return *text ? (char *)text : NULL;
}

static void on_sum(void *arg, const struct reading_sum *of)
{
	int64_t quarter = of->quarter < QUARTERS_MAX ? of->quarter : 0;
	const struct exchange x = { .kind = EXCHANGE_LLM,
				    .provider = text_of(of->provider),
				    .model_asked = text_of(of->asked),
				    .model_answered = text_of(of->answered),
				    .uid = of->uid,
				    .user = text_of(of->owner),
				    .t.request_first = quarter > 0,
				    .wall_offset =
					    quarter > 0 ? quarter * SUMS_QUARTER_NS - 1 : 0 };
	struct summing *s = arg;
	struct spender model;
	struct spend_sum sum = { .calls = of->calls,
				 .failed = of->failed,
				 .free = of->free,
				 .no_tokens = of->no_tokens,
				 .no_cost = of->no_cost,
				 .at_least = of->at_least,
				 .known_cache = of->known_cache,
				 .input = of->input,
				 .cached = of->cached,
				 .cache_input = of->cache_input,
				 .output = of->output,
				 .usd = of->usd };
	struct names n;

	if (s->select && !select_words_have(s->select, &x))
		return;
	exchange_spender(&x, &model);
	n = (struct names){ .model = known(model.model),
			    .asked = model.asked,
			    .provider = of->provider,
			    .program = of->program,
			    .user = of->user,
			    .container = of->container,
			    .conversation = of->conversation,
			    .title = of->title,
			    .quarter = quarter };
	add(s->spending, &n, &sum);
}

/* Whether the sums that were kept tell it: nothing is selected but what these have, and whole
 * quarters of an hour. */
static bool sums_tell(const struct spending *s, const struct view *v, const struct view_query *q,
		      int64_t span[2])
{
	static const char *const words[] = { "since", "until", "kind", "provider",
					     "model", "user",  NULL };
	static const char *const of_talks[] = { "since", "until", "kind", NULL };
	bool talks = s->by == SPEND_BY_CONVERSATION;

	span[0] = 0;
	span[1] = INT64_MAX;
	if (!view_is_archive(v))
		return false;
	if (!q->select)
		return true;
	if (!select_asks_only(q->select, talks ? of_talks : words) ||
	    q->select->mode != SHOW_DEFAULT)
		return false;
	select_span(q->select, &span[0], &span[1]);
	return span[0] % SUMS_QUARTER_NS == 0 &&
	       (span[1] % SUMS_QUARTER_NS == 0 || span[1] == INT64_MAX);
}

/* ---- bars ---- */

static size_t bars_of(int64_t first, int64_t last, int64_t width)
{
	return (size_t)(last / width - first / width) + 1;
}

static void find_width(struct spending *s)
{
	int64_t first = INT64_MAX, last = 0;

	for (size_t i = 0; i < s->index->count; i++)
		for (size_t k = 0; k < s->index->rows[i]->count; k++) {
			int64_t at = s->index->rows[i]->came[k].quarter;

			first = at < first ? at : first;
			last = at > last ? at : last;
		}
	s->width = 1;
	if (!last)
		return;
	while (bars_of(first, last, s->width) > SPEND_BARS)
		s->width *= 2;
	s->nbars = bars_of(first, last, s->width);
	s->first = first / s->width * s->width;
	s->last = last;
}

static void make_bars(struct spending *s)
{
	s->of = s->all.usd > 0			   ? SPEND_BARS_USD
		: s->all.input + s->all.output > 0 ? SPEND_BARS_TOKENS
						   : SPEND_BARS_CALLS;
	find_width(s);
	for (size_t i = 0; i < s->index->count; i++) {
		const struct spending_row *r = s->index->rows[i];

		for (size_t k = 0; k < r->count; k++)
			r->row->bars[(r->came[k].quarter - s->first) / s->width] +=
				r->came[k].of[s->of];
	}
}

/* ---- the whole ---- */

static int later_day(const void *a, const void *b)
{
	const struct spend_row *x = *(struct spend_row *const *)a;
	const struct spend_row *y = *(struct spend_row *const *)b;

	return strcmp(y->name, x->name);
}

static void leave(void *row)
{
}

static void index_free(struct spending_index *index)
{
	tdestroy(index->by_name, leave);
	for (size_t i = 0; i < index->count; i++) {
		free(index->rows[i]->came);
		free(index->rows[i]);
	}
	free(index->rows);
	free(index);
}

static void sort(struct spending *s)
{
	if (s->by == SPEND_BY_MODEL)
		spend_join_failed(&s->table);
	spend_table_sort(&s->table);
	if (s->by == SPEND_BY_DAY && s->table.count)
		qsort(s->table.rows, s->table.count, sizeof(struct spend_row *), later_day);
}

void spending_begin(struct spending *s, enum spend_by by)
{
	*s = (struct spending){ .by = by, .index = xcalloc(1, sizeof(*s->index)) };
}

void spending_end(struct spending *s)
{
	make_bars(s);
	index_free(s->index);
	s->index = NULL;
	sort(s);
}

int spending_read(struct spending *s, enum spend_by by, struct view *v, const struct view_query *q,
		  struct error *reterr)
{
	struct summing summing = { s, q->select };
	struct view_query calls = *q;
	int64_t span[2];
	int err;

	spending_begin(s, by);
	calls.calls = true;
	if (sums_tell(s, v, &calls, span)) {
		s->index->in_order = by == SPEND_BY_CONVERSATION;
		err = view_sums(v, s->index->in_order ? SUMS_OF_TALKS : SUMS_OF_ALL,
				span[0] / SUMS_QUARTER_NS, span[1] / SUMS_QUARTER_NS, on_sum,
				&summing, reterr);
	} else {
		err = view_each(v, &calls, on_exchange, s, reterr);
	}
	spending_end(s);
	return err;
}

void spending_done(struct spending *s)
{
	spend_table_done(&s->table);
}
