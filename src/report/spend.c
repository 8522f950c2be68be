/* SPDX-License-Identifier: MIT */
#include "report/spend.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/safe_text.h"
#include "base/xalloc.h"

/* As many fit the 80 columns of a terminal; a longer name shifts its row. */
#define NAME_COLUMNS 28
#define NAME_SHOWN   60
/* Past so many names of one kind, others share the last row. */
#define NAMES_MAX 256
static const char others[] = "(others)";
/* Rows printed of each table. */
#define ROWS_SHOWN 10
/* Answers remembered, so that one that is fetched again is not counted twice. */
#define ANSWERS 4096

enum by { BY_MODEL, BY_PROVIDER, BY_PROCESS, BY_USER, BY_CGROUP, BY_COUNT };

struct row {
	char *name;
	uint64_t calls, unpriced; /* of them, with a cost that is not known */
	int64_t input, output;
	double usd;
};

struct table {
	struct row *rows;
	size_t count;
};

struct spend {
	struct table by[BY_COUNT];
	struct row all;
	char *answers[ANSWERS]; /* ids, a ring */
	size_t next;
};

struct spend *spend_new(void)
{
	return xcalloc(1, sizeof(struct spend));
}

void spend_free(struct spend *t)
{
	if (!t)
		return;
	for (size_t b = 0; b < BY_COUNT; b++) {
		for (size_t i = 0; i < t->by[b].count; i++)
			free(t->by[b].rows[i].name);
		free(t->by[b].rows);
	}
	for (size_t i = 0; i < ANSWERS; i++)
		free(t->answers[i]);
	free(t);
}

static struct row *row_of(struct table *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->rows[i].name, name) == 0)
			return &t->rows[i];
	if (t->count == NAMES_MAX)
		return &t->rows[NAMES_MAX - 1];
	t->rows = xgrow(t->rows, t->count, sizeof(*t->rows));
	t->rows[t->count].name = xstrdup(t->count == NAMES_MAX - 1 ? others : name);
	return &t->rows[t->count++];
}

/* True for an answer that is fetched again and whose tokens were counted before. */
static bool seen_before(struct spend *t, const struct exchange *x)
{
	bool fetched = x->method && strcmp(x->method, "GET") == 0 && x->status != 101;

	if (!x->response_id || !x->usage.raw)
		return false;
	for (size_t i = 0; fetched && i < ANSWERS && t->answers[i]; i++)
		if (strcmp(t->answers[i], x->response_id) == 0)
			return true;
	free(t->answers[t->next]);
	t->answers[t->next] = xstrdup(x->response_id);
	t->next = (t->next + 1) % ANSWERS;
	return false;
}

static void add(struct row *r, const struct exchange *x)
{
	r->calls++;
	if (x->usage.input > 0)
		r->input += x->usage.input;
	if (x->usage.output > 0)
		r->output += x->usage.output;
	if (x->cost.source == COST_UNKNOWN && x->status < 400)
		r->unpriced++;
	r->usd += x->cost.source == COST_UNKNOWN ? 0 : x->cost.usd;
}

static const char *name_of(enum by by, const struct exchange *x, char *text, size_t size)
{
	const char *model = x->model_answered ? x->model_answered : x->model_asked;

	switch (by) {
	case BY_MODEL:
		return model ? model : "unknown";
	case BY_PROVIDER:
		return x->provider_label ? x->provider_label : "unknown";
	case BY_PROCESS:
		snprintf(text, size, "%s[%u]", x->process ? x->process : "?", x->tgid);
		return text;
	case BY_USER:
		snprintf(text, size, "%u", x->uid);
		return text;
	case BY_CGROUP:
		snprintf(text, size, "%" PRIu64, x->cgroup);
		return text;
	default:
		return "";
	}
}

void spend_add(struct spend *t, const struct exchange *x)
{
	char text[96];

	if (x->kind != EXCHANGE_LLM || seen_before(t, x))
		return;
	for (size_t b = 0; b < BY_COUNT; b++)
		add(row_of(&t->by[b], name_of((enum by)b, x, text, sizeof(text))), x);
	add(&t->all, x);
}

static int dearer(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	bool rest = strcmp(x->name, others) == 0;

	if (rest != (strcmp(y->name, others) == 0))
		return rest ? 1 : -1;
	if (x->usd != y->usd)
		return x->usd < y->usd ? 1 : -1;
	return (x->input + x->output < y->input + y->output) -
	       (x->input + x->output > y->input + y->output);
}

static void write_row(struct buf *out, const char *name, bool utf8, const struct row *r)
{
	unsigned columns;

	buf_adds(out, "llm-spy:   ");
	columns = safe_text_add(out, span_str(name), utf8, NAME_SHOWN);
	buf_addf(out, "%*s", columns < NAME_COLUMNS ? (int)(NAME_COLUMNS - columns) : 0, "");
	buf_addf(out, " %6" PRIu64 " %10" PRId64 " %10" PRId64, r->calls, r->input, r->output);
	if (r->unpriced == r->calls)
		buf_adds(out, "   unknown\n");
	else if (r->unpriced)
		buf_addf(out, " %9.4f (%" PRIu64 " call%s of unknown price)\n", r->usd, r->unpriced,
			 r->unpriced == 1 ? "" : "s");
	else
		buf_addf(out, " %9.4f\n", r->usd);
}

static const char *shown_name(enum by by, const struct row *r, user_name_fn user_name)
{
	bool user = by == BY_USER && user_name && strcmp(r->name, others) != 0;
	const char *name = user ? user_name((uint32_t)strtoul(r->name, NULL, 10)) : NULL;

	return name ? name : r->name;
}

void spend_write(struct buf *out, const struct spend *t, bool utf8, user_name_fn user_name)
{
	static const char *const titles[] = { "model", "provider", "process", "user", "cgroup" };

	if (!t->all.calls)
		return;
	for (size_t b = 0; b < BY_COUNT; b++) {
		const struct table *one = &t->by[b];

		if (b != BY_MODEL && one->count < 2)
			continue;
		qsort(one->rows, one->count, sizeof(*one->rows), dearer);
		buf_addf(out, "llm-spy: by %-*s %6s %10s %10s %9s\n", NAME_COLUMNS - 1, titles[b],
			 "calls", "tokens in", "out", "USD");
		for (size_t i = 0; i < one->count && i < ROWS_SHOWN; i++)
			write_row(out, shown_name((enum by)b, &one->rows[i], user_name), utf8,
				  &one->rows[i]);
		if (one->count > ROWS_SHOWN)
			buf_addf(out, "llm-spy:   and %zu more\n", one->count - ROWS_SHOWN);
	}
}
