/* SPDX-License-Identifier: MIT */
#include "exchange/redact_policy.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/xalloc.h"
#include "exchange/exchange_int.h"
#include "exchange/citations.h"
#include "json/number.h"
#include "json/write.h"

#define DIGITS 16 /* of the digest, that are shown */

int redact_policy_add(struct redact_policy *p, const char *setting, struct error *reterr)
{
	size_t len = strlen(setting);
	char *regex;
	int err;

	if (strcmp(setting, "credentials") == 0)
		return 0;
	if (strcmp(setting, "content") == 0) {
		p->content = true;
		return 0;
	}
	if (len < 3 || setting[0] != '/' || setting[len - 1] != '/')
		return error_set(reterr, -EINVAL,
				 "%.100s is not credentials, content or /a regular expression/",
				 setting);
	if (!p->patterns)
		p->patterns = patterns_new();
	regex = xstrndup(setting + 1, len - 2);
	err = patterns_add(p->patterns, regex, reterr);
	free(regex);
	return err;
}

void redact_policy_done(struct redact_policy *p)
{
	patterns_free(p->patterns);
	*p = (struct redact_policy){ 0 };
}

bool redact_policy_is_empty(const struct redact_policy *p)
{
	return !p->content && !p->patterns;
}

/* ---- one text ---- */

/* Whether it is what content was replaced by. */
static bool is_size(struct span s)
{
	static const struct span mark = SPAN_LIT(" bytes, sha256 ");
	size_t n = 1;

	if (!s.len || s.ptr[0] != '[')
		return false;
	while (n < s.len && s.ptr[n] >= '0' && s.ptr[n] <= '9')
		n++;
	return span_starts(span_from(s, n), mark) && s.len == n + mark.len + DIGITS + 1 &&
	       s.ptr[s.len - 1] == ']';
}

static void write_size(struct span text, struct buf *out)
{
	struct sha256_ctx sha;
	char hex[65];

	if (!text.len || is_size(text)) {
		buf_add(out, text);
		return;
	}
	sha256_init(&sha);
	sha256_update(&sha, text.len, text.ptr);
	digest_hex(&sha, hex);
	buf_addf(out, "[%zu bytes, sha256 %.*s]", text.len, DIGITS, hex);
}

/* What is content, and what only says who and how: that is matched with patterns alone. */
enum role { LABEL, CONTENT };

static void hide(const struct redact_policy *p, enum role role, struct span text, struct buf *out)
{
	buf_init(out, 3 * text.len + 64);
	if (role == CONTENT && p->content)
		write_size(text, out);
	else if (p->patterns)
		patterns_apply(p->patterns, text, out);
	else
		buf_add(out, text);
}

static void hide_string(const struct redact_policy *p, enum role role, char **s)
{
	struct buf out;

	if (!*s)
		return;
	hide(p, role, span_str(*s), &out);
	free(*s);
	*s = buf_take(&out);
	buf_done(&out);
}

static void hide_text(const struct redact_policy *p, struct buf *text)
{
	bool full = text->full;
	struct buf out;

	if (!text->len)
		return;
	hide(p, CONTENT, buf_span(text), &out);
	buf_reset(text);
	buf_add(text, buf_span(&out));
	text->full = full;
	buf_done(&out);
}

/* ---- JSON ---- */

static json_t *hide_json(const struct redact_policy *p, const json_t *v);

static json_t *hide_json_string(const struct redact_policy *p, const json_t *v)
{
	struct buf out;
	json_t *ret;

	hide(p, CONTENT, span_of(json_string_value(v), json_string_length(v)), &out);
	ret = json_stringn(out.len ? out.ptr : "", out.len);
	buf_done(&out);
	/* A pattern may have matched half of a character. */
	return ret ? ret : json_string("***");
}

/* A copy: the values that records share are left alone. Names and numbers stay. */
static json_t *hide_json(const struct redact_policy *p, const json_t *v)
{
	json_t *ret, *item;
	const char *key;
	size_t i;

	if (json_number_is(v))
		return json_incref((json_t *)v);
	if (json_is_string(v))
		return hide_json_string(p, v);
	if (json_is_object(v)) {
		ret = json_object();
		json_object_foreach((json_t *)v, key, item)
			json_object_set_new_nocheck(ret, key, hide_json(p, item));
		return ret;
	}
	if (json_is_array(v)) {
		ret = json_array();
		json_array_foreach(v, i, item)
			json_array_append_new(ret, hide_json(p, item));
		return ret;
	}
	return json_incref((json_t *)v);
}

static void hide_value(const struct redact_policy *p, json_t **v)
{
	json_t *by = *v ? hide_json(p, *v) : NULL;

	if (!by)
		return;
	json_decref(*v);
	*v = by;
}

/* Its names are content too. */
static void hide_schema(const struct redact_policy *p, json_t **v)
{
	char *text = *v && p->content ? json_write_text(*v) : NULL;
	struct buf out;

	if (!text) {
		hide_value(p, v);
		return;
	}
	if (json_is_string(*v)) {
		free(text);
		text = xstrdup(json_string_value(*v));
	}
	hide(p, CONTENT, span_str(text), &out);
	json_decref(*v);
	*v = json_string(out.ptr);
	buf_done(&out);
	free(text);
}

/* ---- the parts of a record ---- */

static void hide_message(const struct redact_policy *p, struct message *m)
{
	hide_string(p, LABEL, &m->role);
	hide_string(p, LABEL, &m->name);
	for (size_t i = 0; i < m->nparts; i++) {
		hide_string(p, LABEL, &m->parts[i].id);
		hide_string(p, LABEL, &m->parts[i].name);
		hide_string(p, LABEL, &m->parts[i].type_raw);
		hide_text(p, &m->parts[i].text);
		m->parts[i].clean = m->parts[i].text.len;
	}
}

static void hide_request(const struct redact_policy *p, struct exchange *x)
{
	hide_message(p, &x->system);
	for (size_t i = 0; i < x->nmessages; i++)
		hide_message(p, &x->messages[i]);
	for (size_t i = 0; i < x->ntools; i++) {
		hide_string(p, LABEL, &x->tools[i].name);
		hide_string(p, LABEL, &x->tools[i].type);
		hide_string(p, CONTENT, &x->tools[i].description);
		hide_schema(p, &x->tools[i].schema);
	}
	for (size_t i = 0; i < x->nparams; i++)
		hide_value(p, &x->params[i].value);
}

static void hide_answer(const struct redact_policy *p, struct exchange *x)
{
	for (size_t i = 0; i < x->nchoices; i++) {
		hide_string(p, LABEL, &x->choices[i].finish_raw);
		hide_message(p, &x->choices[i].msg);
	}
	for (size_t i = 0; i < x->ncitations; i++) {
		char **const strings[] = { CITATION_STRINGS(&x->citations[i]) };

		for (size_t k = 0; k < sizeof(strings) / sizeof(*strings); k++)
			hide_string(p, CONTENT, strings[k]);
	}
	for (size_t i = 0; i < x->nsearches; i++)
		hide_string(p, CONTENT, &x->searches[i]);
	if (x->error) {
		hide_string(p, LABEL, &x->error->type);
		hide_string(p, LABEL, &x->error->code);
		hide_string(p, CONTENT, &x->error->message);
	}
	hide_value(p, &x->usage.raw);
}

static void hide_body(const struct redact_policy *p, struct body *b)
{
	hide_text(p, &b->text);
	b->clean = b->text.len;
}

static void hide_headers(const struct redact_policy *p, struct headers *h)
{
	for (size_t i = 0; i < h->count; i++)
		hide_string(p, LABEL, &h->items[i].value);
}

/* What follows `mark` in a string is content. */
static void hide_after(const struct redact_policy *p, char **s, char mark)
{
	char *at = *s ? strchr(*s, mark) : NULL, *rest;
	struct buf all;

	if (!at || !at[1] || !p->content) {
		hide_string(p, LABEL, s);
		return;
	}
	rest = xstrdup(at + 1);
	at[1] = '\0';
	hide_string(p, LABEL, s);
	hide_string(p, CONTENT, &rest);
	buf_init(&all, strlen(*s) + strlen(rest));
	buf_adds(&all, *s);
	buf_adds(&all, rest);
	free(*s);
	free(rest);
	*s = buf_take(&all);
	buf_done(&all);
}

/* Prompts are given as arguments too. */
static void hide_process(const struct redact_policy *p, struct exchange *x)
{
	hide_after(p, &x->cmdline, ' ');
	hide_after(p, &x->target, '?');
	hide_string(p, CONTENT, &x->conversation.title);
	if (x->other)
		hide_after(p, &x->other->cmdline, ' ');
}

static void hide_labels(const struct redact_policy *p, struct exchange *x)
{
	char **const labels[] = { EXCHANGE_STRINGS(x) };

	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++)
		hide_string(p, LABEL, labels[i]);
}

void redact_policy_apply(const struct redact_policy *p, struct exchange *x)
{
	if (redact_policy_is_empty(p))
		return;
	hide_process(p, x);
	hide_labels(p, x);
	hide_headers(p, &x->request_headers);
	hide_headers(p, &x->response_headers);
	hide_request(p, x);
	hide_answer(p, x);
	hide_body(p, &x->request_body);
	hide_body(p, &x->response_body);
}

/* ---- deltas ---- */

struct open_part {
	unsigned choice;
	size_t part;
	struct pattern_stream *stream;
};

struct redact_deltas {
	const struct redact_policy *policy;
	struct open_part *items;
	size_t count;
};

struct redact_deltas *redact_deltas_new(const struct redact_policy *p)
{
	struct redact_deltas *d = xcalloc(1, sizeof(*d));

	d->policy = p;
	return d;
}

void redact_deltas_free(struct redact_deltas *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->count; i++)
		pattern_stream_free(d->items[i].stream);
	free(d->items);
	free(d);
}

/* From the end: what grows is one of the latest. */
static struct pattern_stream *stream_of(struct redact_deltas *d, unsigned choice, size_t part)
{
	for (size_t i = d->count; i > 0; i--)
		if (d->items[i - 1].choice == choice && d->items[i - 1].part == part)
			return d->items[i - 1].stream;
	d->items = xgrow(d->items, d->count, sizeof(*d->items));
	d->items[d->count] = (struct open_part){
		.choice = choice, .part = part, .stream = pattern_stream_new(d->policy->patterns)
	};
	return d->items[d->count++].stream;
}

void redact_deltas_feed(struct redact_deltas *d, unsigned choice, size_t part, struct span text,
			struct buf *out)
{
	if (d->policy->content)
		return;
	if (d->policy->patterns)
		pattern_stream_feed(stream_of(d, choice, part), text, out);
	else
		buf_add(out, text);
}

bool redact_deltas_end(struct redact_deltas *d, unsigned *ret_choice, size_t *ret_part,
		       struct buf *out)
{
	struct open_part *last = d->count ? &d->items[d->count - 1] : NULL;

	if (!last)
		return false;
	*ret_choice = last->choice;
	*ret_part = last->part;
	pattern_stream_end(last->stream, out);
	pattern_stream_free(last->stream);
	d->count--;
	return true;
}
