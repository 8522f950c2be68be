/* SPDX-License-Identifier: MIT */
/* Values that are credentials by their name: of members, header fields, assignments, URLs. */
#include <string.h>

#include "redact/credential.h"
#include "redact/redact_int.h"

/* ---- values by their name ---- */

static struct span word_of(const struct redact_stream *r)
{
	return span_of(r->word, r->word_len);
}

/* What may stand between a name's mark and its value: blanks, a quote. */
static size_t before_value(struct span w, size_t at)
{
	size_t blanks = at, quote;

	while (blanks < w.len && in_set(w.ptr[blanks], SET_BLANK))
		blanks++;
	quote = blanks;
	while (quote < w.len && w.ptr[quote] == '\\')
		quote++;
	if (quote == w.len)
		return quote; /* a quote may follow */
	return w.ptr[quote] == '"' || w.ptr[quote] == '\'' ? quote + 1 : blanks;
}

/* A value at `at` of the window that looks like no word: letters, digits, and long enough. */
static enum verdict is_random(struct scan *c, struct span w, size_t at, size_t min)
{
	size_t len = run_of(w, at, SET_VALUE);
	struct span value = span_first(span_from(w, at), len);

	if (len >= min && has(value, SET_DIGIT) && has(value, SET_LETTER))
		return YES;
	if (at + len < w.len)
		return NO;
	c->safe = at;
	return undecided(c, w);
}

/* Behind "name" and its mark, of length `mark`. */
enum verdict scan_at_assignment(struct scan *c, size_t mark)
{
	struct span w = window(c), name = word_of(c->r);
	bool token = credential_vague_member(name);
	enum verdict v;
	size_t at;

	if (!name.len || !(token || credential_member(name)))
		return NO;
	at = before_value(w, mark);
	v = at < w.len ? is_random(c, w, at, token ? TOKEN_MIN : VALUE_MIN) : undecided(c, w);
	if (v == YES)
		mask(c, at, IN_RUN, SET_VALUE);
	return v;
}

/* Behind the closing quote of a credential's name at `at`: passes to the first byte of what is
 * masked. *ret_number: that is a number. */
static enum verdict find_value(const struct scan *c, struct span w, size_t *at, bool *ret_number,
			       bool *ret_array)
{
	const struct redact_stream *r = c->r;
	static const struct span value = SPAN_LIT("value");

	*at = skip_blanks(w, *at);
	if (*at < w.len && w.ptr[*at] != ':')
		return NO;
	*at = skip_blanks(w, *at + 1);
	if (*at < w.len && w.ptr[*at] == '{') { /* "client_secret": {"value": "ek_..."} */
		*at = skip_blanks(w, *at + 1);
		if (!take_quote(r, w, at) || !span_starts(span_from(w, *at), value))
			return w.len > *at + 32 ? NO : undecided(c, w);
		*at += value.len;
		if (!take_quote(r, w, at))
			return w.len > *at + 32 ? NO : undecided(c, w);
		*at = skip_blanks(w, *at);
		if (*at < w.len && w.ptr[*at] != ':')
			return NO;
		*at = skip_blanks(w, *at + 1);
	} else if (*at < w.len && w.ptr[*at] == '[') {
		*ret_array = true;
		*at = skip_blanks(w, *at + 1);
	}
	if (*at >= w.len)
		return undecided(c, w);
	*ret_number = in_set(w.ptr[*at], SET_DIGIT) || w.ptr[*at] == '-';
	if (*ret_number)
		return *ret_array ? NO : YES;
	if (take_quote(r, w, at))
		return YES;
	return w.ptr[*at] != '\\' || w.len > *at + 32 ? NO : undecided(c, w);
}

/* It becomes a string. */
static void mask_number(struct scan *c, size_t at)
{
	static const char slashes[] = "\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\";
	struct redact_stream *r = c->r;
	struct span before = r->slashes == HEX_QUOTE ? span_first(hex_quote, hex_quote.len)
						     : span_first(span_of(slashes, 15), r->slashes);
	bool hex = r->slashes == HEX_QUOTE;

	c->at += at;
	flush(c);
	if (c->out) {
		buf_add(c->out, before);
		if (!hex)
			buf_addc(c->out, (char)r->quote);
	}
	mask(c, 0, IN_RUN, SET_NUMBER);
	if (c->out) {
		buf_add(c->out, before);
		if (!hex)
			buf_addc(c->out, (char)r->quote);
	}
	r->prev = r->quote;
	r->line = r->after_quote = true;
}

static bool in_field_line(uint8_t c)
{
	return in_set(c, SET_TOKEN) || c == ' ' || c == ':' || c == ';';
}

/* The field of a form: `name="api_key"`, perhaps a line more, an empty line, the value. */
static enum verdict at_form_field(struct scan *c, struct span w, size_t at)
{
	static const struct span line = SPAN_LIT("\r\nContent-"), empty = SPAN_LIT("\r\n\r\n");
	struct span rest = span_from(w, at);
	size_t len = 0;

	if (rest.len < line.len && (span_starts(line, rest) || span_starts(empty, rest)))
		return undecided(c, w);
	if (span_starts(rest, line))
		for (len = line.len; len < rest.len && in_field_line(rest.ptr[len]);)
			len++;
	rest = span_from(rest, len);
	if (rest.len < empty.len && span_starts(empty, rest))
		return undecided(c, w);
	if (!span_starts(rest, empty))
		return NO;
	mask(c, at + len + empty.len, IN_FIELD, 0);
	return YES;
}

/* At a quote, of `len` bytes with its backslashes, that may close a credential's name. */
enum verdict scan_at_closing_quote(struct scan *c, size_t len)
{
	struct redact_stream *r = c->r;
	struct span w = window(c), name = word_of(r);
	bool number = false, array = false, vague;
	enum verdict v;
	size_t at = len;
	int level = level_of(r->slashes);

	if (r->word_state != OPEN_WORD || !r->word_quoted)
		return NO;
	if (r->slashes == HEX_QUOTE)
		level = 0;
	if (level < 0 || (r->slashes > 15 && r->slashes != HEX_QUOTE))
		return NO;
	vague = credential_vague_member(name);
	if (!vague && !credential_member(name))
		return NO;
	v = at_form_field(c, w, at);
	if (v != NO)
		return v;
	v = find_value(c, w, &at, &number, &array);
	if (v == YES && vague)
		v = number || array ? NO : is_random(c, w, at, TOKEN_MIN);
	if (v != YES)
		return v;
	r->in_array = array;
	r->level = (uint8_t)level;
	if (number)
		mask_number(c, at);
	else
		mask(c, at, IN_STRING, 0);
	return YES;
}

/* Whether a header field's value ends there, or is made by a program's text that goes on. */
static bool ends_value(struct span w, size_t at)
{
	return at >= w.len || memchr("\r\n\"'`\\", w.ptr[at], 6);
}

/* "Authorization: Bearer ..." at ":"; the scheme stays. */
enum verdict scan_at_header(struct scan *c)
{
	struct redact_stream *r = c->r;
	struct span w = window(c);
	size_t at = 1, scheme;

	if (!r->word_line || !credential_header(word_of(r)))
		return NO;
	while (at < w.len && in_set(w.ptr[at], SET_BLANK))
		at++;
	c->safe = at;
	if (w.len < at + CREDENTIAL_SCHEME_MAX + 1 && !is_whole(c, w))
		return MORE;
	if (ends_value(w, at))
		return NO;
	scheme = credential_scheme(span_from(w, at));
	mask(c, at + (ends_value(w, at + scheme) ? 0 : scheme), IN_LINE, 0);
	return YES;
}

/* ---- URLs ---- */

/* At "://", also as "\/\/": user and password, if there are any. */
enum verdict scan_at_authority(struct scan *c)
{
	static const struct span plain = SPAN_LIT("://"), escaped = SPAN_LIT(":\\/\\/");
	struct span w = window(c), mark = plain;
	size_t len;

	if (w.len > 1 && w.ptr[1] == '\\')
		mark = escaped;
	if (w.len < mark.len)
		return span_starts(mark, w) ? undecided(c, w) : NO;
	if (!span_starts(w, mark))
		return NO;
	len = run_of(w, mark.len, SET_USERINFO);
	c->safe = mark.len;
	if (mark.len + len == w.len && !is_whole(c, w))
		return MORE;
	c->r->in_url = true;
	if (len && mark.len + len < w.len && w.ptr[mark.len + len] == '@') {
		mask(c, mark.len, IN_RUN, SET_USERINFO);
		c->r->in_url = true;
		c->r->query_name = false;
		return YES;
	}
	return NO;
}

/* At "@" behind what was masked: a password may hold one. */
enum verdict scan_at_second_at(struct scan *c)
{
	struct span w = window(c);
	size_t len = run_of(w, 1, SET_USERINFO);

	if (!c->r->in_url || c->r->prev != '*')
		return NO;
	c->safe = 1;
	if (1 + len == w.len && !is_whole(c, w))
		return MORE;
	if (!len || 1 + len == w.len || w.ptr[1 + len] != '@')
		return NO;
	mask(c, 1, IN_RUN, SET_USERINFO);
	return YES;
}

enum verdict scan_at_query_value(struct scan *c)
{
	struct redact_stream *r = c->r;

	if (!r->in_url || !r->query_name)
		return NO;
	if (!r->percent && !credential_query(word_of(r)) && !credential_member(word_of(r)))
		return NO;
	mask(c, 1, IN_RUN, SET_QUERY);
	return YES;
}
