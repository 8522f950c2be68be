/* SPDX-License-Identifier: MIT */
/* Reads a filter. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/xalloc.h"
#include "select/amount.h"
#include "select/terms_int.h"
#include "select/when.h"

#define VALUES_MAX 32
/* fnmatch() takes long for many of them. */
#define STARS_MAX 8
/* Of what a regular expression repeats. */
#define REPEATS_MAX 1000

struct reader {
	struct terms *terms;
	const char *text, *at;
	int64_t now_s;
	struct error *reterr;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int refuse(const struct reader *r, const char *what)
{
	return error_set(r->reterr, -EINVAL, "%s", what);
}

/* ---- pieces of text ---- */

/* Behind the quote that ends it; NULL: none does. */
static const char *end_of_quoted(const char *s)
{
	for (s++; *s && *s != '"'; s++)
		s += *s == '\\' && s[1];
	return *s ? s + 1 : NULL;
}

/* Behind the slash that ends it: one before a blank or the end; NULL: it is a path. `stop`: what
 * else may follow. */
static const char *end_of_regex(const char *s, char stop)
{
	for (s++; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		else if (*s == '/' && (!s[1] || is_blank(s[1]) || (stop && s[1] == stop)))
			return s + 1;
	}
	return NULL;
}

static char *unquoted(const char *from, const char *to)
{
	char *text = xstrndup(from + 1, (size_t)(to - from - 2)), *out = text;

	for (const char *in = text; *in; in++) {
		in += *in == '\\' && in[1];
		*out++ = *in;
	}
	*out = '\0';
	return text;
}

/* The value at r->at, which moves behind it: up to a blank, or `stop`. NULL with a reason. */
static char *take_value(struct reader *r, char stop)
{
	const char *from = r->at, *to = NULL;

	if (*from == '"') {
		to = end_of_quoted(from);
		if (!to) {
			refuse(r, "a quote is not closed");
			return NULL;
		}
		r->at = to;
		return unquoted(from, to);
	}
	if (*from == '/')
		to = end_of_regex(from, stop);
	for (to = to ? to : from; *to && !is_blank(*to) && !(stop && *to == stop); to++)
		;
	r->at = to;
	return xstrndup(from, (size_t)(to - from));
}

static bool is_regex(const char *text)
{
	size_t len = strlen(text);

	return len > 2 && text[0] == '/' && text[len - 1] == '/';
}

/* A few characters can ask for more memory or time than there is: of repeats of repeats, a pattern
 * grows with their product, and what refers back is tried in all ways. */
static bool is_costly(const char *regex)
{
	unsigned long product = 1;

	for (const char *c = regex; *c && product <= REPEATS_MAX; c++) {
		if (*c == '\\' && c[1] >= '0' && c[1] <= '9')
			return true;
		if (*c == '\\' && c[1]) {
			c++;
		} else if (*c == '{') {
			const char *comma = c + 1 + strspn(c + 1, "0123456789");
			unsigned long n = strtoul(c + 1, NULL, 10);
			unsigned long m = *comma == ',' ? strtoul(comma + 1, NULL, 10) : n;

			product *= 1 + (n > m ? n : m);
		}
	}
	return product > REPEATS_MAX;
}

static struct needle *read_needle(struct reader *r, const char *text)
{
	if (!is_regex(text) || !is_costly(text))
		return needle_new(text, r->reterr);
	refuse(r, "this expression repeats too much, or refers back");
	return NULL;
}

/* ---- values ---- */

static int read_name(struct reader *r, struct value *v)
{
	size_t stars = 0;

	if (is_regex(v->text)) {
		v->needle = read_needle(r, v->text);
		return v->needle ? 0 : r->reterr->code;
	}
	for (const char *c = v->text; *c; c++)
		stars += *c == '*';
	return stars > STARS_MAX ? refuse(r, "there are too many stars") : 0;
}

static const char *read_comparison(struct value *v)
{
	static const struct {
		const char *sign;
		enum comparison is;
	} rows[] = { { ">=", IS_AT_LEAST },
		     { "<=", IS_AT_MOST },
		     { ">", IS_ABOVE },
		     { "<", IS_BELOW },
		     { "=", IS } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strncmp(v->text, rows[i].sign, strlen(rows[i].sign)) == 0) {
			v->is = rows[i].is;
			return v->text + strlen(rows[i].sign);
		}
	return v->text;
}

static int read_number(struct reader *r, const struct word *word, struct value *v)
{
	const char *text = read_comparison(v);
	uint64_t ns = 0;
	int64_t when = 0;

	switch (word->unit) {
	case WHICH:
	case COUNT:
		return amount_count(text, &v->number) == 0
			       ? 0
			       : refuse(r, "expected a number such as 5, >10k or <=1.5M");
	case DOLLARS:
		return amount_dollars(text, &v->number) == 0
			       ? 0
			       : refuse(r, "expected dollars such as >0.1");
	case TIME:
		v->number = amount_time(text, &ns) == 0 ? (double)ns : -1;
		return v->number >= 0 ? 0 : refuse(r, "expected a time such as >2s or <500ms");
	case SINCE:
	case UNTIL:
		if (text != v->text || when_read(text, r->now_s, &when) != 0)
			return refuse(r, "expected a moment such as 2h, today or 2026-11-29");
		v->is = word->unit == SINCE ? IS_AT_LEAST : IS_BELOW;
		v->number = (double)when;
		return 0;
	case NO_UNIT:
		break;
	}
	return 0;
}

static int read_sign(struct reader *r, struct value *v)
{
	struct nearest near;

	nearest_init(&near, v->text);
	for (const struct sign *s = term_signs; s->name; s++) {
		nearest_try(&near, s->name);
		if (strcmp(s->name, v->text) == 0)
			v->sign = s;
	}
	if (v->sign)
		return 0;
	if (near.best)
		return error_set(r->reterr, -EINVAL, "has: did you mean %s?", near.best);
	return refuse(r, "has: expected error, tools, image, stream, gap, cache, sources or "
			 "reasoning");
}

static int read_value(struct reader *r, struct term *t)
{
	struct value *v;
	char *text = take_value(r, ',');

	if (!text)
		return r->reterr->code;
	if (t->nvalues == VALUES_MAX || !*text) {
		free(text);
		return refuse(r, t->nvalues == VALUES_MAX ? "there are too many alternatives"
							  : "a value is missing");
	}
	t->values = xgrow(t->values, t->nvalues, sizeof(*t->values));
	v = &t->values[t->nvalues++];
	v->text = text;
	if (!t->word)
		return read_sign(r, v);
	return t->word->number ? read_number(r, t->word, v) : read_name(r, v);
}

static int read_values(struct reader *r, struct term *t)
{
	int err = read_value(r, t);

	while (!err && *r->at == ',') {
		r->at++;
		err = read_value(r, t);
	}
	return err || !*r->at || is_blank(*r->at) ? err : refuse(r, "a blank is missing");
}

/* ---- terms ---- */

static int read_text(struct reader *r, struct term *t)
{
	bool quoted = *r->at == '"';
	AUTO_FREE char *text = take_value(r, '\0');

	if (!text)
		return r->reterr->code;
	if (!*text)
		return refuse(r, "a text is missing");
	if (*r->at && !is_blank(*r->at))
		return refuse(r, "a blank is missing");
	/* In quotes, slashes are slashes. */
	if (quoted && is_regex(text))
		return refuse(r, "a quoted text cannot begin and end with a slash");
	t->needle = read_needle(r, text);
	t->text = t->needle ? xstrdup(text) : NULL;
	return t->needle ? 0 : r->reterr->code;
}

static int no_word(struct reader *r, struct span name)
{
	AUTO_FREE char *word = xstrndup((const char *)name.ptr, name.len);
	struct nearest near;

	nearest_init(&near, word);
	nearest_try(&near, "has");
	for (const struct word *w = term_words; w->name; w++)
		nearest_try(&near, w->name);
	if (near.best)
		return error_set(r->reterr, -EINVAL, "there is no word %.40s: did you mean %s:?",
				 word, near.best);
	return error_set(r->reterr, -EINVAL,
			 "there is no word %.40s: (a text with a colon goes in quotes)", word);
}

/* The word before a colon; empty: none. */
static struct span word_at(const char *s)
{
	size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");

	return span_of(s, s[len] == ':' ? len : 0);
}

static int read_term(struct reader *r)
{
	struct term *t = &r->terms->items[r->terms->count];
	struct span name;

	if (r->terms->count == TERMS_MAX)
		return refuse(r, "there are too many terms");
	r->terms->count++;
	t->negated = *r->at == '-' && r->at[1] && !is_blank(r->at[1]);
	r->at += t->negated;
	name = word_at(r->at);
	if (!name.len)
		return read_text(r, t);
	for (const struct word *w = term_words; w->name && !t->word; w++)
		if (span_caseeq(name, span_str(w->name)))
			t->word = w;
	if (!t->word && !span_caseeq(name, SPAN_LIT("has")))
		return no_word(r, name);
	r->at += name.len + 1;
	return read_values(r, t);
}

int terms_read(struct terms **ret, const char *text, int64_t now_s, size_t *ret_at,
	       struct error *reterr)
{
	struct reader r = { .text = text, .at = text, .now_s = now_s, .reterr = reterr };
	int err = 0;

	*ret_at = 0;
	if (strnlen(text, TERMS_TEXT_MAX + 1) > TERMS_TEXT_MAX)
		return refuse(&r, "it is too long");
	r.terms = xcalloc(1, sizeof(*r.terms));
	while (!err) {
		while (is_blank(*r.at))
			r.at++;
		if (!*r.at)
			break;
		*ret_at = (size_t)(r.at - text);
		err = read_term(&r);
	}
	if (err)
		terms_free(r.terms);
	else
		*ret = r.terms;
	return err;
}

void terms_free(struct terms *t)
{
	for (size_t i = 0; t && i < t->count; i++) {
		struct term *term = &t->items[i];

		for (size_t v = 0; v < term->nvalues; v++) {
			free(term->values[v].text);
			needle_free(term->values[v].needle);
		}
		free(term->values);
		free(term->text);
		needle_free(term->needle);
	}
	free(t);
}
