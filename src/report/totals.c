/* SPDX-License-Identifier: MIT */
#include "report/totals.h"

#include <stdlib.h>

#include "base/xalloc.h"

void totals_init(struct totals *t, enum show_mode mode, const struct select *selection)
{
	*t = (struct totals){ .mode = mode, .selection = selection, .spend = spend_new() };
}

void totals_done(struct totals *t)
{
	for (size_t i = 0; i < t->nalert_counts; i++)
		free(t->alert_counts[i].rule);
	t->nalert_counts = 0;
	spend_free(t->spend);
	t->spend = NULL;
}

static bool is_selected(const struct totals *t, const struct exchange *x)
{
	return !t->selection || select_words_have(t->selection, x);
}

static void on_superseded(void *arg, struct exchange *x)
{
	struct totals *t = arg;

	/* Not what was refused, and stands for what was asked again. */
	t->twice += x->other && show_mode_has(t->mode, x) && is_selected(t, x);
}

static void note_time(struct totals *t, const struct exchange *x)
{
	uint64_t first = x->t.request_first ? x->t.request_first : x->t.response_first;
	uint64_t last = x->t.response_last ? x->t.response_last : x->t.request_last;

	if (first && (!t->first_ns || first < t->first_ns))
		t->first_ns = first;
	if (last > t->last_ns)
		t->last_ns = last;
}

static void count_alert(struct totals *t, const char *rule)
{
	size_t i = 0;

	t->alerts++;
	while (i < t->nalert_counts && strcmp(t->alert_counts[i].rule, rule) != 0)
		i++;
	if (i == ALERT_COUNTS_MAX)
		return;
	if (i == t->nalert_counts)
		t->alert_counts[t->nalert_counts++] = (struct alert_count){ xstrdup(rule), 0 };
	t->alert_counts[i].count++;
}

static void on_ended(void *arg, struct exchange *x)
{
	struct totals *t = arg;

	note_time(t, x);
	for (size_t i = 0; i < x->alerts.count; i++)
		count_alert(t, x->alerts.items[i].rule);
	if (!show_mode_has(t->mode, x) || x->twin_of)
		return;
	if (!is_selected(t, x)) {
		t->unselected++;
		return;
	}
	t->passed_on += x->via.tgid != 0;
	if (!x->via.tgid)
		spend_add(t->spend, x);
	t->exchanges++;
	t->llm += x->kind == EXCHANGE_LLM;
	t->incomplete += !exchange_complete(x);
	t->errors += x->error != NULL || x->status >= 400;
	t->request_bytes += x->request_body.wire;
	t->response_bytes += x->response_body.wire;
}

const struct observer totals_observer = { .superseded = on_superseded, .ended = on_ended };
