/* SPDX-License-Identifier: MIT */
#include "assemble/tell.h"

#include <stdlib.h>

#include "exchange/redact.h"

static bool shows_bodies(const struct assembly *k)
{
	const struct assembler *c = k->cc->assembler;

	return !c->shows_bodies || c->shows_bodies(c->shows_bodies_arg, k->x);
}

static struct body *body_of(struct assembly *k, enum http_msg m)
{
	return m == HTTP_REQUEST ? &k->x->request_body : &k->x->response_body;
}

/* The text, with how far it is masked; all else that is known of the body stays. */
static void swap_text(struct body *a, struct body *b)
{
	struct body was = *a;

	a->text = b->text;
	a->clean = b->clean;
	a->masking = b->masking;
	b->text = was.text;
	b->clean = was.clean;
	b->masking = was.masking;
}

/* Takes both texts out of the record, or puts them back. */
static void swap_texts(struct assembly *k, struct body aside[2])
{
	for (int m = 0; m < 2; m++) {
		struct body *b = body_of(k, (enum http_msg)m);
		bool cut = b->text.full;

		aside[m].text.max = b->text.max;
		swap_text(b, &aside[m]);
		b->text.full = cut;
	}
}

static void drop_text(struct assembly *k, enum http_msg m)
{
	struct body *b = body_of(k, m), gone = { 0 };
	bool cut = b->text.full;

	if (!b->text.len || k->dropped[m])
		return;
	limits_memory_sub(k->cc->assembler->lim, body_kept(b));
	gone.text.max = b->text.max;
	swap_text(b, &gone);
	b->text.full = cut;
	buf_done(&gone.text);
	free(gone.masking);
	k->dropped[m] = true;
}

/* The last moment that credentials are there. */
static void before_masks(struct assembly *k)
{
	const struct before_masks *b = &k->cc->assembler->before_masks;

	if (k->inspected || !(k->x->request_parsed || k->told))
		return;
	k->inspected = true;
	if (b->request)
		b->request(b->arg, k->x);
}

static void tell(struct assembly *k,
		 void (*observers_call)(const struct observers *o, struct exchange *x))
{
	bool aside = !shows_bodies(k);
	struct body texts[2] = { 0 };

	if (aside)
		swap_texts(k, texts);
	before_masks(k);
	redact_exchange(k->x, NULL);
	exchange_changed(k->x);
	if (k->told)
		exchange_freeze(k->x);
	observers_call(k->cc->assembler->observers, k->x);
	if (aside)
		swap_texts(k, texts);
}

void tell_opened(struct assembly *k)
{
	tell(k, observers_opened);
}

void tell_request(struct assembly *k)
{
	/* What a dialect has read is read no more. */
	if (k->dialect && !shows_bodies(k))
		drop_text(k, HTTP_REQUEST);
	tell(k, observers_request);
}

void tell_response(struct assembly *k)
{
	tell(k, observers_response);
}

void tell_delta(struct assembly *k, const struct exchange_delta *d)
{
	bool aside = !shows_bodies(k);
	struct body texts[2] = { 0 };

	if (aside)
		swap_texts(k, texts);
	redact_answer(k->x);
	observers_delta(k->cc->assembler->observers, k->x, d);
	if (aside)
		swap_texts(k, texts);
}

void tell_ended(struct assembly *k)
{
	struct exchange *x = k->x;

	if (x->hidden || !shows_bodies(k)) {
		drop_text(k, HTTP_REQUEST);
		drop_text(k, HTTP_RESPONSE);
	}
	tell(k, x->hidden ? observers_superseded : observers_ended);
}
