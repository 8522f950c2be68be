/* SPDX-License-Identifier: MIT */
#include "report/totals.h"

void totals_init(struct totals *t, enum show_mode mode)
{
	*t = (struct totals){ .mode = mode, .spend = spend_new() };
}

void totals_done(struct totals *t)
{
	spend_free(t->spend);
	t->spend = NULL;
}

static void on_superseded(void *arg, struct exchange *x)
{
	struct totals *t = arg;

	t->twice += show_mode_has(t->mode, x);
}

static void on_ended(void *arg, struct exchange *x)
{
	struct totals *t = arg;

	if (!show_mode_has(t->mode, x) || x->twin_of)
		return;
	spend_add(t->spend, x);
	t->exchanges++;
	t->llm += x->kind == EXCHANGE_LLM;
	t->incomplete += !exchange_complete(x);
	t->errors += x->error != NULL || x->status >= 400;
	t->request_bytes += x->request_body.wire;
	t->response_bytes += x->response_body.wire;
}

const struct observer totals_observer = { .superseded = on_superseded, .ended = on_ended };
