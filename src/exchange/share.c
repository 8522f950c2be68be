/* SPDX-License-Identifier: MIT */
/* References to records, and copies of them. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/arrival.h"
#include "exchange/exchange_int.h"
#include "exchange/memory.h"
#include "exchange/citations.h"

struct exchange *exchange_ref(const struct exchange *x)
{
	struct exchange *shared = (struct exchange *)x; /* the count is no part of the value */

	__atomic_add_fetch(&shared->refs, 1, __ATOMIC_RELAXED);
	return shared;
}

void exchange_unref(struct exchange *x)
{
	if (!x || __atomic_sub_fetch(&x->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	exchange_unref(x->snapshot);
	exchange_unref(x->twin);
	exchange_link_drop(x->rpc_self);
	exchange_link_drop(x->rpc_before);
	if (x->lim)
		limits_memory_sub(x->lim, x->charged);
	exchange_done(x);
	free(x);
}

struct exchange_link *exchange_link_of(struct exchange *x)
{
	if (!x->rpc_self) {
		x->rpc_self = xcalloc(1, sizeof(*x->rpc_self));
		*x->rpc_self = (struct exchange_link){ .refs = 1, .id = x->id };
	}
	return x->rpc_self;
}

struct exchange_link *exchange_link_hold(struct exchange_link *r)
{
	__atomic_add_fetch(&r->refs, 1, __ATOMIC_RELAXED);
	return r;
}

void exchange_link_drop(struct exchange_link *r)
{
	if (r && __atomic_sub_fetch(&r->refs, 1, __ATOMIC_ACQ_REL) == 0)
		free(r);
}

void exchange_changed(struct exchange *x)
{
	exchange_unref(x->snapshot);
	x->snapshot = NULL;
}

/* ---- size ---- */

void exchange_charge(struct exchange *x, struct limits *lim, size_t bytes)
{
	x->lim = lim;
	x->charged = bytes;
}

static size_t measure(const struct exchange *x)
{
	return sizeof(*x) + x->request_body.text.cap + x->response_body.text.cap +
	       2 * (x->request_body.arrival.count + x->response_body.arrival.count) *
		       sizeof(struct arrival_mark) +
	       exchange_memory(x);
}

size_t exchange_bytes(const struct exchange *x)
{
	return x->bytes ? x->bytes : measure(x);
}

/* Each output asks for its size, and records with large prompts take a while to be measured. */
void exchange_freeze(struct exchange *x)
{
	x->ended = true;
	x->bytes = measure(x);
}

/* ---- snapshots ---- */

struct exchange *exchange_snapshot(struct exchange *x, unsigned parts)
{
	if (x->snapshot && (parts & ~x->snapshot_parts))
		exchange_changed(x);
	if (!x->snapshot) {
		x->snapshot = exchange_copy(x, parts);
		x->snapshot->bytes = measure(x->snapshot);
		x->snapshot_parts = parts;
	}
	return exchange_ref(x->snapshot);
}

/* ---- copies ---- */

static void copy_string(char **s)
{
	*s = *s ? xstrdup(*s) : NULL;
}

static void copy_buf(struct buf *b)
{
	struct buf from = *b;

	buf_init(b, from.max);
	if (from.len)
		buf_add(b, buf_span(&from));
	b->full = from.full;
}

static void *copy_array(const void *items, size_t count, size_t size)
{
	void *copy;

	if (!count)
		return NULL;
	copy = xcalloc(count, size);
	memcpy(copy, items, count * size);
	return copy;
}

static void copy_parts(struct message *m)
{
	m->parts = copy_array(m->parts, m->nparts, sizeof(*m->parts));
	for (size_t i = 0; i < m->nparts; i++) {
		struct part *p = &m->parts[i];

		copy_buf(&p->text);
		p->masking = NULL; /* the text is masked, and does not grow */
		copy_string(&p->id);
		copy_string(&p->name);
		copy_string(&p->type_raw);
		copy_string(&p->media_type);
	}
}

static void copy_message(struct message *m)
{
	copy_string(&m->role);
	copy_string(&m->name);
	copy_parts(m);
}

static void copy_headers(struct headers *h)
{
	h->items = copy_array(h->items, h->count, sizeof(*h->items));
	for (size_t i = 0; i < h->count; i++) {
		copy_string(&h->items[i].name);
		copy_string(&h->items[i].value);
	}
}

static void copy_body(struct body *b, bool text)
{
	if (text)
		copy_buf(&b->text);
	else
		buf_init(&b->text, b->text.max);
	b->masking = NULL;
	b->clean = b->text.len;
	b->arrival = text ? arrival_copy(&b->arrival) : (struct arrival){ 0 };
	copy_string(&b->media_type);
	copy_string(&b->coding);
}

static void leave_content(struct exchange *x)
{
	x->system = (struct message){ 0 };
	x->messages = NULL;
	x->tools = NULL;
	x->params = NULL;
	x->choices = NULL;
	x->nmessages = x->ntools = x->nparams = x->nchoices = 0;
	citations_leave(x);
}

static void copy_request(struct exchange *x)
{
	copy_message(&x->system);
	x->messages = copy_array(x->messages, x->nmessages, sizeof(*x->messages));
	for (size_t i = 0; i < x->nmessages; i++)
		copy_message(&x->messages[i]);
	x->tools = copy_array(x->tools, x->ntools, sizeof(*x->tools));
	for (size_t i = 0; i < x->ntools; i++) {
		struct tool *t = &x->tools[i];

		copy_string(&t->name);
		copy_string(&t->type);
		copy_string(&t->description);
		t->schema = json_incref(t->schema);
	}
	x->params = copy_array(x->params, x->nparams, sizeof(*x->params));
	for (size_t i = 0; i < x->nparams; i++) {
		copy_string(&x->params[i].name);
		x->params[i].value = json_incref(x->params[i].value);
	}
}

static void copy_answer(struct exchange *x)
{
	x->choices = copy_array(x->choices, x->nchoices, sizeof(*x->choices));
	for (size_t i = 0; i < x->nchoices; i++) {
		copy_message(&x->choices[i].msg);
		copy_string(&x->choices[i].finish_raw);
		x->choices[i].by_slot = NULL; /* nothing is added to a copy */
		x->choices[i].nslots = 0;
	}
	citations_copy(x);
	/* The one JSON value that grows while a stream comes. */
	x->usage.raw = json_deep_copy(x->usage.raw);
	x->error = copy_array(x->error, x->error != NULL, sizeof(*x->error));
	if (x->error) {
		copy_string(&x->error->type);
		copy_string(&x->error->code);
		copy_string(&x->error->message);
	}
}

/* Static texts are shared; those of a record that was read back belong to it. */
static void copy_labels(struct exchange *x)
{
	const char **const labels[] = {
		&x->provider,
		&x->provider_label,
		&x->api,
		&x->protocol,
		&x->key.hint,
		&x->request_body.coding_error,
		&x->response_body.coding_error,
	};
	bool owned = x->nowned;

	x->owned = NULL;
	x->nowned = 0;
	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++)
		if (owned && *labels[i])
			*labels[i] = exchange_own(x, *labels[i]);
}

struct exchange *exchange_copy(const struct exchange *from, unsigned parts)
{
	struct exchange *x = xmalloc(sizeof(*x));

	*x = *from;
	x->refs = 1;
	x->snapshot = NULL;
	x->twin = NULL;
	x->rpc_self = x->rpc_before = NULL;
	x->bytes = 0; /* it may be changed, or have fewer parts */
	/* What was charged is given back by the one record that it was charged for. */
	x->lim = NULL;
	x->charged = 0;
	copy_labels(x);
	char **const strings[] = { EXCHANGE_STRINGS(x) };

	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++)
		copy_string(strings[i]);
	x->other = copy_array(x->other, x->other != NULL, sizeof(*x->other));
	for (size_t i = 0; x->other && i < OTHER_END_STRINGS; i++)
		copy_string(other_end_string(x->other, i));
	copy_headers(&x->request_headers);
	copy_headers(&x->response_headers);
	copy_body(&x->request_body, parts & EXCHANGE_BODIES);
	copy_body(&x->response_body, parts & EXCHANGE_BODIES);
	if (!(parts & EXCHANGE_CONTENT))
		leave_content(x);
	copy_request(x);
	copy_answer(x);
	alerts_copy(&x->alerts);
	x->suspects = (struct alerts){ 0 };
	return x;
}
