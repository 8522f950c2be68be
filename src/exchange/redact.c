/* SPDX-License-Identifier: MIT */
#include "exchange/redact.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/exchange_int.h"
#include "exchange/citations.h"
#include "json/write.h"
#include "redact/credential.h"
#include "redact/redact_stream.h"

/* What masks may add to a text, at most: one for each few bytes. */
static size_t room_for(size_t len)
{
	return len + len / 2 + 64;
}

/* ---- strings ---- */

/* True, with the masked text in `out`, if there is something to mask. The caller calls buf_done. */
static bool masked(struct span text, enum redact_begin begin, struct buf *out)
{
	buf_init(out, room_for(text.len));
	return redact_masks(text, begin, out) && !span_eq(text, buf_span(out));
}

static void redact_string_as(char **s, enum redact_begin begin)
{
	struct buf b;

	if (!*s)
		return;
	if (masked(span_str(*s), begin, &b)) {
		free(*s);
		*s = buf_take(&b);
	}
	buf_done(&b);
}

static void redact_string(char **s)
{
	redact_string_as(s, REDACT_TEXT);
}

/* ---- texts that grow ---- */

static struct redact_stream *new_stream(enum redact_begin begin)
{
	struct redact_stream *r = xmalloc(sizeof(*r));

	redact_stream_init(r, begin);
	return r;
}

/* Masks `text` from *clean on, which is all that comes. */
static void redact_whole(struct buf *text, size_t *clean, enum redact_begin begin)
{
	struct span raw = span_from(buf_span(text), *clean);
	struct buf out;

	buf_init(&out, room_for(raw.len));
	if (redact_masks(raw, begin, &out)) {
		text->len = *clean;
		buf_add(text, buf_span(&out));
	}
	buf_done(&out);
	*clean = text->len;
}

/* Masks `text` from *clean on, going on from what *stream knows; `over`: nothing will follow. */
static void redact_tail(struct buf *text, size_t *clean, struct redact_stream **stream,
			enum redact_begin begin, bool over)
{
	struct span raw = span_from(buf_span(text), *clean);
	struct buf out;

	if (!*stream && !raw.len)
		return;
	if (!*stream && over) {
		redact_whole(text, clean, begin);
		return;
	}
	if (!*stream)
		*stream = new_stream(begin);
	buf_init(&out, room_for(raw.len + REDACT_HELD_MAX));
	redact_stream_feed(*stream, raw, &out);
	if (over) {
		redact_stream_end(*stream, &out);
		free(*stream);
		*stream = NULL;
	}
	text->len = *clean;
	buf_add(text, buf_span(&out));
	buf_done(&out);
	*clean = text->len;
}

void redact_part_reset(struct part *p)
{
	buf_reset(&p->text);
	free(p->masking);
	p->masking = NULL;
	p->clean = p->taken = 0;
	p->half = 0;
}

static struct span redact_part_tail(struct part *p, bool over)
{
	size_t before = p->clean;

	p->taken += p->text.len - p->clean;
	redact_tail(&p->text, &p->clean, &p->masking, REDACT_TEXT, over);
	return span_from(buf_span(&p->text), before);
}

struct span redact_part(struct part *p)
{
	return redact_part_tail(p, false);
}

struct span redact_part_end(struct part *p)
{
	return redact_part_tail(p, true);
}

static struct span held_of(const struct part *p)
{
	return p->masking ? span_of(p->masking->held, p->masking->held_len) : span_of(NULL, 0);
}

void redact_part_whole(const struct part *p, struct buf *out)
{
	buf_add(out, buf_span(&p->text));
	buf_add(out, held_of(p));
}

bool redact_part_is(const struct part *p, struct span text)
{
	struct span shown = buf_span(&p->text), held = held_of(p);

	return text.len == shown.len + held.len && span_starts(text, shown) &&
	       span_eq(span_from(text, shown.len), held);
}

bool redact_part_begins(const struct part *p, const struct part *whole)
{
	struct span held = held_of(p), more;
	struct buf rest;
	bool begins;

	if (!span_starts(buf_span(&whole->text), buf_span(&p->text)))
		return false;
	buf_init(&rest, SIZE_MAX / 4);
	buf_add(&rest, span_from(buf_span(&whole->text), p->text.len));
	buf_add(&rest, held_of(whole));
	more = buf_span(&rest);
	/* What is held back may turn out to be a credential. */
	begins = span_starts(more, held) ||
		 (more.len && memmem(more.ptr, span_first(more, held.len + 3).len, "***", 3));
	buf_done(&rest);
	return begins;
}

static bool has_mask(struct span s)
{
	return s.len && memmem(s.ptr, s.len, "***", 3);
}

static bool is_same_but_masks(struct span a, struct span b)
{
	size_t at = 0;

	while (at < a.len && at < b.len &&
	       (a.ptr[at] == b.ptr[at] || a.ptr[at] == '*' || b.ptr[at] == '*'))
		at++;
	return at == a.len && at <= b.len;
}

bool redact_part_agrees(const struct part *p, struct span text)
{
	struct buf all;
	bool agrees;

	buf_init(&all, SIZE_MAX / 4);
	redact_part_whole(p, &all);
	agrees = has_mask(buf_span(&all)) || has_mask(text) ||
		 is_same_but_masks(buf_span(&all), text);
	buf_done(&all);
	return agrees;
}

static void redact_body(struct body *b)
{
	bool form = span_eq(span_str(b->media_type), SPAN_LIT("application/x-www-form-urlencoded"));

	redact_tail(&b->text, &b->clean, &b->masking, form ? REDACT_FORM : REDACT_TEXT,
		    b->state != BODY_OPEN);
}

/* ---- JSON ---- */

static json_t *redact_value(json_t *v);

static json_t *new_string(const struct buf *b)
{
	return json_stringn_nocheck(b->len ? b->ptr : "", b->len);
}

static json_t *redact_json_string(const json_t *v)
{
	struct span s = span_of(json_string_value(v), json_string_length(v));
	json_t *ret = NULL;
	struct buf b;

	if (masked(s, REDACT_TEXT, &b))
		ret = new_string(&b);
	buf_done(&b);
	return ret;
}

/* The value of a credential's name: strings and numbers, also those in a list. NULL: it stays. */
static json_t *mask_value(json_t *v)
{
	json_t *ret = NULL, *item;
	size_t i;

	if (json_is_string(v) && strcmp(json_string_value(v), "***") == 0)
		return NULL;
	if (json_is_string(v) || json_is_number(v))
		return json_string("***");
	if (json_is_object(v) && json_is_string(json_object_get(v, "value"))) {
		ret = json_copy(v);
		json_object_set_new(ret, "value", json_string("***"));
	}
	json_array_foreach(v, i, item) {
		if (!json_is_string(item) && !json_is_number(item))
			continue;
		ret = ret ? ret : json_copy(v);
		json_array_set_new(ret, i, json_string("***"));
	}
	return ret;
}

/* In a text of its own, "token": "..." is judged as it is when it is quoted in another. */
static json_t *redact_vague(const char *name, const json_t *v)
{
	struct buf text, out;
	json_t *ret = NULL;
	char *quoted;

	if (!json_is_string(v) || !credential_vague_member(span_str(name)))
		return NULL;
	quoted = json_write_text(v);
	buf_init(&text, 2 * strlen(name) + (quoted ? strlen(quoted) : 0) + 16);
	buf_addf(&text, "\"%s\":%s", name, quoted ? quoted : "");
	if (masked(buf_span(&text), REDACT_TEXT, &out) && out.len > 4 &&
	    span_ends(buf_span(&out), SPAN_LIT(":\"***\"")))
		ret = json_string("***");
	free(quoted);
	buf_done(&text);
	buf_done(&out);
	return ret;
}

/* NULL: it stays. */
static json_t *redact_member(const char *name, json_t *v)
{
	json_t *ret = credential_member(span_str(name)) ? mask_value(v) : redact_vague(name, v);

	return ret ? ret : redact_value(v);
}

static json_t *redact_object(json_t *v)
{
	json_t *ret = NULL, *value, *other;
	const char *key;
	struct buf name;

	json_object_foreach(v, key, value) {
		bool secret = masked(span_str(key), REDACT_TEXT, &name);

		other = redact_member(key, value);
		if (other || secret)
			ret = ret ? ret : json_copy(v);
		if (secret)
			json_object_del(ret, key);
		if (secret)
			json_object_set_new_nocheck(ret, name.ptr,
						    other ? other : json_incref(value));
		else if (other)
			json_object_set_new_nocheck(ret, key, other);
		buf_done(&name);
	}
	return ret;
}

static json_t *redact_array(json_t *v)
{
	json_t *ret = NULL, *item, *other;
	size_t i;

	json_array_foreach(v, i, item) {
		other = redact_value(item);
		if (!other)
			continue;
		ret = ret ? ret : json_copy(v);
		json_array_set_new(ret, i, other);
	}
	return ret;
}

/* A copy with credentials masked; NULL: there are none. What has none is shared with `v`. */
static json_t *redact_value(json_t *v)
{
	if (json_is_string(v))
		return redact_json_string(v);
	if (json_is_object(v))
		return redact_object(v);
	return json_is_array(v) ? redact_array(v) : NULL;
}

static void replace(json_t **v, json_t *by)
{
	if (!by)
		return;
	json_decref(*v);
	*v = by;
}

/* ---- the parts of a record ---- */

static void redact_labels(struct part *p)
{
	char **const strings[] = { &p->id, &p->name, &p->type_raw, &p->media_type };

	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++)
		redact_string(strings[i]);
}

static void redact_message(struct message *m)
{
	redact_string(&m->role);
	redact_string(&m->name);
	for (size_t i = 0; i < m->nparts; i++) {
		redact_labels(&m->parts[i]);
		redact_part_end(&m->parts[i]);
	}
}

static void redact_tool(struct tool *t)
{
	redact_string(&t->name);
	redact_string(&t->type);
	redact_string(&t->description);
	if (t->schema)
		replace(&t->schema, redact_value(t->schema));
}

static void redact_headers(struct headers *h)
{
	for (; h->clean < h->count; h->clean++) {
		struct header *f = &h->items[h->clean];
		struct buf b;

		if (credential_header(span_str(f->name))) {
			buf_init(&b, room_for(2 * strlen(f->value)));
			credential_mask_value(span_str(f->name), span_str(f->value), &b);
			free(f->value);
			f->value = buf_take(&b);
			buf_done(&b);
		} else {
			redact_string(&f->value);
		}
	}
}

static void redact_request(struct exchange *x)
{
	for (; x->clean.messages < x->nmessages; x->clean.messages++)
		redact_message(&x->messages[x->clean.messages]);
	for (; x->clean.tools < x->ntools; x->clean.tools++)
		redact_tool(&x->tools[x->clean.tools]);
	for (; x->clean.params < x->nparams; x->clean.params++) {
		struct param *p = &x->params[x->clean.params];

		replace(&p->value, redact_member(p->name, p->value));
		redact_string(&p->name);
	}
	redact_message(&x->system);
}

static void redact_strings(struct exchange *x)
{
	char **const strings[] = { EXCHANGE_STRINGS(x) };

	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++)
		redact_string(strings[i]);
	redact_string_as(&x->target, REDACT_URL);
	for (size_t i = 0; x->other && i < OTHER_END_STRINGS; i++)
		redact_string(other_end_string(x->other, i));
}

static void redact_citations(struct exchange *x)
{
	for (; x->clean.citations < x->ncitations; x->clean.citations++) {
		struct citation *s = &x->citations[x->clean.citations];
		char **const strings[] = { CITATION_STRINGS(s) };

		for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++)
			redact_string(strings[i]);
		redact_string_as(&s->url, REDACT_URL);
	}
	for (; x->clean.searches < x->nsearches; x->clean.searches++)
		redact_string(&x->searches[x->clean.searches]);
}

static void redact_error(struct api_error *e)
{
	if (!e)
		return;
	redact_string(&e->type);
	redact_string(&e->code);
	redact_string(&e->message);
}

/* Blocks that came as a whole; what grows is clean already. */
static void redact_choice(struct choice *c)
{
	redact_string(&c->msg.role);
	redact_string(&c->finish_raw);
	for (size_t i = c->clean; i < c->msg.nparts; i++) {
		redact_labels(&c->msg.parts[i]);
		redact_part(&c->msg.parts[i]);
	}
	/* The last may be put together still. */
	c->clean = c->msg.nparts ? c->msg.nparts - 1 : 0;
}

void redact_answer(struct exchange *x)
{
	for (size_t i = 0; i < x->nchoices; i++)
		redact_choice(&x->choices[i]);
	redact_citations(x);
	redact_body(&x->response_body);
	redact_error(x->error);
}

void redact_exchange(struct exchange *x, const struct redact_policy *policy)
{
	redact_strings(x);
	redact_headers(&x->request_headers);
	redact_headers(&x->response_headers);
	redact_request(x);
	redact_body(&x->request_body);
	for (size_t i = 0; i < x->nchoices; i++)
		x->choices[i].clean = 0; /* an earlier block may have got its name since */
	redact_answer(x);
	if (x->usage.raw)
		replace(&x->usage.raw, redact_value(x->usage.raw));
	if (policy)
		redact_policy_apply(policy, x);
}
