/* SPDX-License-Identifier: MIT */
#include "exchange/builder.h"

#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/xalloc.h"
#include "exchange/exchange_int.h"
#include "exchange/redact.h"
#include "json/number.h"
#include "json/write.h"

#define CHOICES_MAX 128
/* A call that goes on is one of the last. */
#define CALLS_SEARCHED 256

struct builder {
	struct exchange x; /* first: exchange_unref() frees the whole */
	uint64_t now_ns;
	size_t text_max;
	struct limits *lim; /* NULL: none */
	size_t nkept;	    /* of the limit `parts` */
	uint32_t deltas;    /* reported so far */
	delta_fn fn;
	void *arg;
};

static struct builder *builder_of(const struct exchange *x)
{
	return (struct builder *)x;
}

struct exchange *builder_new(uint64_t serial, size_t text_max, delta_fn fn, void *arg)
{
	struct builder *b = xcalloc(1, sizeof(*b));

	exchange_init(&b->x, 0, text_max);
	b->x.serial = serial;
	b->text_max = text_max;
	b->fn = fn;
	b->arg = arg;
	return &b->x;
}

void builder_set_time(struct exchange *x, uint64_t now_ns)
{
	builder_of(x)->now_ns = now_ns;
}

uint64_t builder_time(const struct exchange *x)
{
	return builder_of(x)->now_ns;
}

void builder_set_limits(struct exchange *x, struct limits *lim)
{
	builder_of(x)->lim = lim;
}

struct limits *builder_limits(const struct exchange *x)
{
	return builder_of(x)->lim;
}

size_t builder_text_max(const struct exchange *x)
{
	return builder_of(x)->text_max;
}

struct span json_span(const json_t *v)
{
	if (!json_is_text(v))
		return span_of(NULL, 0);
	return span_of(json_string_value(v), json_string_length(v));
}

void set_json(char **dst, const json_t *v)
{
	char room[JSON_NUMBER_SIZE];

	set_string(dst, json_number_is(v) ? json_number_text(v, room) : json_span(v));
}

/* ---- what is kept of both sides ---- */

/* Whether one thing more may be kept. */
static bool keep(struct exchange *x, bool *partial)
{
	struct builder *b = builder_of(x);
	size_t max = b->lim ? b->lim->max[LIMIT_parts] : SIZE_MAX;

	if (b->nkept < max) {
		b->nkept++;
		return true;
	}
	if (b->nkept == max) {
		b->nkept++;
		limit_hit(b->lim, LIMIT_parts);
	}
	*partial = true;
	return false;
}

static bool *partial_of(struct exchange *x, const struct message *m)
{
	bool answers =
		x->nchoices && m >= &x->choices[0].msg && m <= &x->choices[x->nchoices - 1].msg;

	return answers ? &x->response_partial : &x->request_partial;
}

/* ---- request ---- */

struct message *request_message(struct exchange *x, struct span role)
{
	struct message *m;

	if (!keep(x, &x->request_partial) && x->nmessages)
		return &x->messages[x->nmessages - 1];
	x->messages = xgrow(x->messages, x->nmessages, sizeof(*x->messages));
	m = &x->messages[x->nmessages++];
	set_string(&m->role, role);
	return m;
}

struct part *message_part(struct exchange *x, struct message *m, enum part_kind kind)
{
	struct part *p;

	if (!keep(x, partial_of(x, m)) && m->nparts)
		return &m->parts[m->nparts - 1];
	m->parts = xgrow(m->parts, m->nparts, sizeof(*m->parts));
	p = &m->parts[m->nparts++];
	p->kind = kind;
	p->slot = NO_SLOT;
	buf_init(&p->text, builder_text_max(x));
	return p;
}

struct part *message_text(struct exchange *x, struct message *m, enum part_kind kind,
			  struct span text)
{
	struct part *p = message_part(x, m, kind);

	part_add(p, text);
	return p;
}

struct part *message_other(struct exchange *x, struct message *m, const char *type, const json_t *v)
{
	struct part *p = message_part(x, m, PART_OTHER);

	set_string(&p->type_raw, span_str(type));
	part_json(p, v);
	return p;
}

/* No base64: of what it is neither size nor digest are known. */
static void part_unknown(struct part *p)
{
	p->size = 0;
	p->sha256[0] = '\0';
	p->spoiled = true;
}

void part_base64_more(struct part *p, struct sha256_ctx *sha, struct span base64)
{
	struct base64_decode_ctx decoder;
	uint8_t plain[BASE64_DECODE_LENGTH(4096)];
	struct sha256_ctx so_far;

	/* Either alphabet: - and _ are those of URLs (RFC 4648, section 5). */
	if (span_find(base64, '-') < base64.len || span_find(base64, '_') < base64.len)
		base64url_decode_init(&decoder);
	else
		base64_decode_init(&decoder);
	while (base64.len && !p->spoiled) {
		struct span piece = span_first(base64, 4096);
		size_t n = sizeof(plain);

		if (!base64_decode_update(&decoder, &n, plain, piece.len,
					  (const char *)piece.ptr)) {
			part_unknown(p);
			return;
		}
		sha256_update(sha, n, plain);
		p->size += n;
		base64 = span_from(base64, piece.len);
	}
	/* What is left of one digit is no byte. */
	if (decoder.bits == 6) {
		part_unknown(p);
		return;
	}
	if (!p->size || p->spoiled)
		return;
	so_far = *sha;
	digest_hex(&so_far, p->sha256);
}

static void digest(struct part *p, struct span media_type, struct span base64)
{
	struct sha256_ctx sha;

	set_string(&p->media_type, media_type);
	p->size = 0;
	p->sha256[0] = '\0';
	p->spoiled = false;
	sha256_init(&sha);
	part_base64_more(p, &sha, base64);
}

/* Some give a URL of the data for the data. */
void part_base64(struct part *p, struct span media_type, struct span base64)
{
	set_string(&p->media_type, media_type);
	if (span_starts(base64, SPAN_LIT("data:")))
		part_url(p, base64);
	else
		digest(p, media_type, base64);
}

void part_url(struct part *p, struct span url)
{
	static const struct span mark = SPAN_LIT(";base64");
	struct span type, media;
	size_t comma;

	if (!span_starts(url, SPAN_LIT("data:"))) {
		buf_add(&p->text, url);
		return;
	}
	url = span_from(url, 5);
	comma = span_find(url, ',');
	type = span_first(url, comma);
	media = span_first(type, span_find(type, ';')); /* without parameters */
	if (span_ends(type, mark)) {
		digest(p, media, span_from(url, comma + 1));
	} else {
		set_string(&p->media_type, media);
		buf_add(&p->text, span_from(url, comma + 1));
	}
}

void part_json(struct part *p, const json_t *v)
{
	char *text;

	if (json_is_text(v)) {
		part_add(p, json_span(v));
		return;
	}
	text = v ? json_write_text(v) : NULL;
	if (text)
		buf_adds(&p->text, text);
	free(text);
}

struct tool *request_tool(struct exchange *x)
{
	struct tool *last = x->ntools ? &x->tools[x->ntools - 1] : NULL;

	if (!keep(x, &x->request_partial) && last) {
		json_decref(last->schema);
		last->schema = NULL;
		return last;
	}
	x->tools = xgrow(x->tools, x->ntools, sizeof(*x->tools));
	return &x->tools[x->ntools++];
}

void request_param(struct exchange *x, const char *name, const json_t *value)
{
	struct param *p;

	if (!value || !keep(x, &x->request_partial))
		return;
	x->params = xgrow(x->params, x->nparams, sizeof(*x->params));
	p = &x->params[x->nparams++];
	p->name = xstrdup(name);
	p->value = json_incref((json_t *)value);
}

/* ---- answer ---- */

/* What comes now has no place of its own any more. */
static void share(struct exchange *x)
{
	struct limits *lim = builder_limits(x);

	if (!x->response_partial && lim)
		limit_hit(lim, LIMIT_parts);
	x->response_partial = true;
}

struct choice *answer_choice(struct exchange *x, unsigned index)
{
	struct choice *c;

	for (size_t i = 0; i < x->nchoices; i++)
		if (x->choices[i].index == index)
			return &x->choices[i];
	if (x->nchoices >= CHOICES_MAX) {
		share(x);
		return &x->choices[x->nchoices - 1];
	}
	x->choices = xgrow(x->choices, x->nchoices, sizeof(*x->choices));
	c = &x->choices[x->nchoices++];
	c->index = index;
	c->msg.role = xstrdup("assistant");
	return c;
}

static bool is_visible(enum part_kind k)
{
	return k == PART_TEXT || k == PART_REASONING || k == PART_REFUSAL || k == PART_TOOL_CALL;
}

static void show(struct exchange *x, unsigned index, struct part *p, struct span text)
{
	struct builder *b = builder_of(x);
	const struct choice *c;

	if (!is_visible(p->kind))
		return;
	if (!x->t.first_token)
		x->t.first_token = b->now_ns;
	/* All of it may be held back; calls are announced without text. */
	if (!b->fn || (!text.len && p->kind != PART_TOOL_CALL))
		return;
	c = answer_choice(x, index);
	/* A part that lives in a choice keeps its place while nothing is added to the choice. */
	b->fn(b->arg, x,
	      &(struct exchange_delta){ .id = x->id,
					.seq = b->deltas++,
					.choice = c->index,
					.part = (size_t)(p - c->msg.parts),
					.kind = p->kind,
					.ts_ns = b->now_ns,
					.text = text,
					.name = span_str(p->name),
					.choices = x->nchoices });
}

void answer_append(struct exchange *x, unsigned index, struct part *p, struct span text)
{
	if (!text.len && p->kind != PART_TOOL_CALL)
		return;
	part_add(p, text);
	show(x, index, p, redact_part(p));
}

void answer_shown(struct exchange *x, unsigned index, struct part *p)
{
	redact_part(p);
	show(x, index, p, buf_span(&p->text));
}

/* Nothing follows: what was held back is shown. */
static void end_part(struct exchange *x, unsigned index, struct part *p)
{
	struct span rest;

	part_add_end(p);
	rest = redact_part_end(p);
	if (rest.len)
		show(x, index, p, rest);
}

void answer_end(struct exchange *x)
{
	for (size_t i = 0; i < x->nchoices; i++)
		for (size_t n = 0; n < x->choices[i].msg.nparts; n++)
			end_part(x, x->choices[i].index, &x->choices[i].msg.parts[n]);
}

/* The last that is not beside the text; NULL: none. */
static struct part *last_part(const struct choice *c)
{
	size_t n = c->msg.nparts;

	while (n && c->msg.parts[n - 1].slot <= ASIDE_SLOT)
		n--;
	return n ? &c->msg.parts[n - 1] : NULL;
}

/* Text that another part follows is over, as nothing finds it again. */
static struct part *next_part(struct exchange *x, struct choice *c, enum part_kind kind)
{
	struct part *last = last_part(c);

	if (last && last->slot == NO_SLOT)
		end_part(x, c->index, last);
	return message_part(x, &c->msg, kind);
}

void answer_text(struct exchange *x, unsigned index, enum part_kind kind, struct span text)
{
	struct choice *c = answer_choice(x, index);
	struct part *p = last_part(c);

	if (!text.len)
		return;
	if (!p || p->kind != kind || p->slot != NO_SLOT) {
		p = answer_part(x, index, kind, NO_SLOT);
	}
	answer_append(x, index, p, text);
}

/* The first place in by_slot that is not before that slot and kind. */
static size_t place_of(const struct choice *c, int slot, enum part_kind kind)
{
	size_t low = 0, high = c->nslots;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct part *p = &c->msg.parts[c->by_slot[middle]];

		if (p->slot < slot || (p->slot == slot && p->kind < kind))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct part *part_at(const struct choice *c, size_t place)
{
	return place < c->nslots ? &c->msg.parts[c->by_slot[place]] : NULL;
}

struct part *answer_find(struct exchange *x, unsigned index, enum part_kind kind, int slot)
{
	const struct choice *c = answer_choice(x, index);
	struct part *p = part_at(c, place_of(c, slot, kind));

	return p && p->slot == slot && p->kind == kind ? p : NULL;
}

bool answer_has(struct exchange *x, unsigned index, int slot)
{
	const struct choice *c = answer_choice(x, index);
	const struct part *p = part_at(c, place_of(c, slot, (enum part_kind)0));

	return p && p->slot == slot;
}

struct part *answer_nth(struct exchange *x, unsigned index, enum part_kind kind, int first, int end,
			size_t n)
{
	const struct choice *c = answer_choice(x, index);
	size_t place = place_of(c, first, (enum part_kind)0);

	for (struct part *p; (p = part_at(c, place)) && p->slot < end; place++)
		if (p->kind == kind && n-- == 0)
			return p;
	return NULL;
}

struct part *answer_call_of(struct exchange *x, unsigned index, struct span id)
{
	const struct message *m = &answer_choice(x, index)->msg;
	size_t stop = m->nparts > CALLS_SEARCHED ? m->nparts - CALLS_SEARCHED : 0;

	for (size_t i = m->nparts; i > stop && id.len; i--) {
		struct part *p = &m->parts[i - 1];

		if (p->kind == PART_TOOL_CALL && p->id && span_eq(id, span_str(p->id)))
			return p;
	}
	return NULL;
}

struct part *answer_part(struct exchange *x, unsigned index, enum part_kind kind, int slot)
{
	struct choice *c = answer_choice(x, index);
	struct part *p = slot < 0 ? NULL : answer_find(x, index, kind, slot);
	size_t before = c->msg.nparts, place;

	if (p)
		return p;
	if (before >= ANSWER_PARTS_MAX) {
		share(x);
		return &c->msg.parts[before - 1];
	}
	p = slot <= ASIDE_SLOT ? message_part(x, &c->msg, kind) : next_part(x, c, kind);
	if (c->msg.nparts == before)
		return p;
	p->slot = slot;
	if (slot < 0)
		return p;
	place = place_of(c, slot, kind);
	c->by_slot = xgrow(c->by_slot, c->nslots, sizeof(*c->by_slot));
	memmove(&c->by_slot[place + 1], &c->by_slot[place],
		(c->nslots++ - place) * sizeof(*c->by_slot));
	c->by_slot[place] = (unsigned)before;
	return p;
}

void answer_restart(struct exchange *x, unsigned index)
{
	struct choice *c = answer_choice(x, index);
	struct builder *b = builder_of(x);

	b->nkept -= c->msg.nparts < b->nkept ? c->msg.nparts : b->nkept;
	c->nslots = 0;
	message_clear(&c->msg);
	free(c->finish_raw);
	c->finish_raw = NULL;
	c->finish = FINISH_NONE;
}

/* `whole` begins with what is known of `p`, and is masked likewise: takes its place. */
static void take_whole(struct exchange *x, unsigned index, struct part *p, struct part *whole)
{
	struct span more = span_from(buf_span(&whole->text), p->text.len);

	buf_add(&p->text, more);
	free(p->masking);
	p->masking = whole->masking;
	p->clean = p->text.len;
	p->taken = whole->taken;
	p->half = 0;
	p->text.full |= whole->text.full;
	whole->masking = NULL;
	if (more.len || p->kind == PART_TOOL_CALL)
		show(x, index, p, span_from(buf_span(&p->text), p->text.len - more.len));
}

bool answer_whole(struct exchange *x, unsigned index, struct part *p, struct span text)
{
	struct part whole = { .kind = p->kind };
	bool goes_on, agrees;

	if (!text.len || redact_part_is(p, text))
		return true;
	buf_init(&whole.text, builder_of(x)->text_max);
	part_add(&whole, text);
	part_add_end(&whole);
	redact_part(&whole);
	goes_on = redact_part_begins(p, &whole);
	agrees = goes_on || redact_part_agrees(p, text);
	if (goes_on) {
		take_whole(x, index, p, &whole);
	} else {
		redact_part_reset(p);
		answer_append(x, index, p, text);
	}
	buf_done(&whole.text);
	free(whole.masking);
	return agrees;
}

void answer_finish(struct exchange *x, unsigned index, struct span raw, enum finish f)
{
	struct choice *c = answer_choice(x, index);

	set_string(&c->finish_raw, raw);
	c->finish = f;
}

void answer_error(struct exchange *x, const json_t *type, const json_t *code, const json_t *message)
{
	if (!x->error)
		x->error = xcalloc(1, sizeof(*x->error));
	set_json(&x->error->type, type);
	set_json(&x->error->code, code);
	set_json(&x->error->message, message);
}

/* ---- usage ---- */

/* No answer has as many tokens; so sums of a few counts cannot overflow. */
#define COUNT_MAX 1000000000000000

void usage_count(int64_t *count, const json_t *v)
{
	/* Some servers write it as a text. */
	json_t *in_text = json_is_text(v) ? json_number_new(json_span(v)) : NULL;
	double n;

	v = in_text ? in_text : v;
	n = json_number_double(v);
	if (json_is_integer(v) && json_integer_value(v) >= 0 && json_integer_value(v) < COUNT_MAX)
		*count = json_integer_value(v);
	else if (json_number_is(v) && n >= 0 && n < COUNT_MAX)
		*count = (int64_t)n;
	json_decref(in_text);
}

void usage_raw(struct exchange *x, const json_t *usage)
{
	const char *key;
	json_t *value;

	if (!json_is_object(usage))
		return;
	if (!x->usage.raw)
		x->usage.raw = json_object();
	json_object_foreach((json_t *)usage, key, value) {
		if (!json_is_null(value) || !json_object_get(x->usage.raw, key))
			json_object_set(x->usage.raw, key, value);
	}
}
