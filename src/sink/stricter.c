/* SPDX-License-Identifier: MIT */
#include "sink/stricter.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/redact.h"

/* Streams followed at once. Of one more, only the end is shown. */
#define ROWS_MAX 256
/* What one delta can become: it may end what was held back. */
#define TEXT_MAX (64u << 20)

struct stricter_row {
	uint64_t id;
	struct redact_deltas *deltas;
	struct exchange_delta last;
	/* The snapshot that the latest of its texts came with, and the copy of that. */
	struct exchange *of, *copy;
};

static void row_done(struct stricter_row *r)
{
	redact_deltas_free(r->deltas);
	exchange_unref(r->of);
	exchange_unref(r->copy);
}

void stricter_done(struct stricter *s)
{
	for (size_t i = 0; i < s->nrows; i++)
		row_done(&s->rows[i]);
	free(s->rows);
	redact_policy_done(&s->policy);
	*s = (struct stricter){ 0 };
}

bool stricter_is_needed(const struct stricter *s)
{
	return !redact_policy_is_empty(&s->policy);
}

struct exchange *stricter_copy(const struct exchange *x, const struct stricter *s)
{
	struct exchange *copy = exchange_copy(x, EXCHANGE_CONTENT | EXCHANGE_BODIES);

	redact_exchange(copy, &s->policy);
	return copy;
}

static struct stricter_row *row_of(struct stricter *s, uint64_t id)
{
	for (size_t i = 0; i < s->nrows; i++)
		if (s->rows[i].id == id)
			return &s->rows[i];
	return NULL;
}

struct exchange *stricter_light(struct stricter *s, const struct exchange *x)
{
	struct stricter_row *r = row_of(s, x->id);
	struct exchange *copy;

	if (r && r->of == x)
		return exchange_ref(r->copy);
	copy = stricter_copy(x, s);
	if (!r)
		return copy;
	exchange_unref(r->of);
	exchange_unref(r->copy);
	r->of = exchange_ref(x);
	r->copy = exchange_ref(copy);
	return copy;
}

/* NULL: it began before, or there is no room. */
static struct stricter_row *row_begin(struct stricter *s, const struct exchange_delta *d)
{
	struct stricter_row *r;

	if (d->seq || s->nrows >= ROWS_MAX)
		return NULL;
	s->rows = xgrow(s->rows, s->nrows, sizeof(*s->rows));
	r = &s->rows[s->nrows++];
	*r = (struct stricter_row){ .id = d->id };
	r->deltas = redact_deltas_new(&s->policy);
	return r;
}

void stricter_delta(struct stricter *s, const struct exchange_delta *d, stricter_fn fn, void *arg)
{
	struct stricter_row *r = row_of(s, d->id);
	struct exchange_delta shown = *d;
	struct buf text;

	if (!r)
		r = row_begin(s, d);
	if (!r)
		return;
	buf_init(&text, TEXT_MAX);
	redact_deltas_feed(r->deltas, d->choice, d->part, d->text, &text);
	r->last = shown;
	shown.text = buf_span(&text);
	fn(arg, &shown);
	buf_done(&text);
}

void stricter_end(struct stricter *s, uint64_t id, stricter_fn fn, void *arg)
{
	struct stricter_row *r = row_of(s, id);
	struct exchange_delta shown;
	struct buf text;

	if (!r)
		return;
	shown = r->last;
	shown.name = span_of(NULL, 0);
	buf_init(&text, TEXT_MAX);
	while (redact_deltas_end(r->deltas, &shown.choice, &shown.part, &text)) {
		shown.seq++;
		shown.text = buf_span(&text);
		if (text.len)
			fn(arg, &shown);
		buf_reset(&text);
	}
	buf_done(&text);
	row_done(r);
	*r = s->rows[--s->nrows];
}
