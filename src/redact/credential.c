/* SPDX-License-Identifier: MIT */
#include "redact/credential.h"

#include <ctype.h>

#define MASK "***"

static const char *const header_names[] = {
	"authorization",
	"proxy-authorization",
	"x-api-key",
	"api-key",
	"x-goog-api-key",
	"cookie",
	"set-cookie",
	"x-amz-security-token",
	"ocp-apim-subscription-key",
	"cf-aig-authorization",
	"x-portkey-api-key",
	"helicone-auth",
	"x-litellm-api-key",
	"x-auth-token",
	"x-goog-iam-authorization-token",
};

/* Any name that ends so is taken for a credential. */
static const char *const header_ends[] = { "api-key", "apikey", "-token", "-secret", "-auth" };

static const char *const query_names[] = { "key",
					   "api_key",
					   "api-key",
					   "apikey",
					   "token",
					   "access_token",
					   "sig",
					   "signature",
					   "client_secret",
					   "x-amz-signature",
					   "x-amz-credential",
					   "x-amz-security-token",
					   "code" };

static const char *const member_names[] = {
	"authorization_token",
	"authorization",
	"api_key",
	"apikey",
	"api-key",
	"x-api-key",
	"access_token",
	"refresh_token",
	"id_token",
	"client_secret",
	"fallback_credit_token",
	"private_key",
	"password",
};

/* What may stand before a credential and tells nothing of it. */
static const char *const schemes[] = { "bearer ", "basic ", "token ", "aws4-hmac-sha256 ",
				       "apikey " };

static const char *const methods[] = { "get", "post", "put", "patch", "delete", "head", "options" };

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static bool in_list(struct span word, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_caseeq(word, span_str(list[i])))
			return true;
	return false;
}

bool credential_header(struct span name)
{
	if (in_list(name, header_names, COUNT(header_names)))
		return true;
	for (size_t i = 0; i < COUNT(header_ends); i++) {
		struct span end = span_str(header_ends[i]);

		if (name.len >= end.len && span_caseeq(span_from(name, name.len - end.len), end))
			return true;
	}
	return false;
}

/* "a=secret; b=secret" -> "a=***; b=***" */
static void mask_cookies(struct span value, struct buf *out)
{
	while (value.len) {
		struct span one = span_first(value, span_find(value, ';'));
		size_t eq = span_find(one, '=');

		buf_add(out, span_first(one, eq));
		if (eq < one.len)
			buf_adds(out, "=");
		buf_adds(out, MASK);
		if (one.len < value.len)
			buf_adds(out, ";");
		value = span_from(value, one.len + 1);
	}
}

void credential_mask_value(struct span name, struct span value, struct buf *out)
{
	if (span_caseeq(name, SPAN_LIT("cookie"))) {
		mask_cookies(value, out);
		return;
	}
	for (size_t i = 0; i < COUNT(schemes); i++) {
		struct span scheme = span_str(schemes[i]);

		if (value.len > scheme.len && span_caseeq(span_first(value, scheme.len), scheme)) {
			buf_add(out, span_first(value, scheme.len));
			break;
		}
	}
	buf_adds(out, MASK);
}

/* A name that is percent-encoded has no reason to be but to hide what it says. */
static bool secret_query(struct span name)
{
	return in_list(name, query_names, COUNT(query_names)) || span_find(name, '%') < name.len;
}

void credential_mask_target(struct span target, struct buf *out)
{
	size_t query = span_find(target, '?');
	struct span rest = span_from(target, query + 1);

	buf_add(out, span_first(target, query));
	if (query < target.len)
		buf_adds(out, "?");
	while (rest.len) {
		struct span one = span_first(rest, span_find(rest, '&'));
		size_t eq = span_find(one, '=');

		if (eq < one.len && secret_query(span_first(one, eq))) {
			buf_add(out, span_first(one, eq + 1));
			buf_adds(out, MASK);
		} else {
			buf_add(out, one);
		}
		if (one.len < rest.len)
			buf_adds(out, "&");
		rest = span_from(rest, one.len + 1);
	}
}

/* Length of the JSON string whose opening quote was just passed, without the closing one. */
static size_t string_length(struct span s)
{
	size_t at = 0;

	while (at < s.len && s.ptr[at] != '"')
		at += s.ptr[at] == '\\' ? 2 : 1;
	return at < s.len ? at : s.len;
}

static size_t skip_blanks(struct span s, size_t at)
{
	while (at < s.len && strchr(" \t\r\n", s.ptr[at]) && s.ptr[at])
		at++;
	return at;
}

/* Where the value of a member "value" begins, if that is what stands at `at`; else s.len. */
static size_t value_at(struct span s, size_t at)
{
	at = skip_blanks(s, at);
	if (!span_starts(span_from(s, at), SPAN_LIT("\"value\"")))
		return s.len;
	at = skip_blanks(s, at + 7);
	return at < s.len && s.ptr[at] == ':' ? skip_blanks(s, at + 1) : s.len;
}

/* s stands behind the opening quote of a member's name. Returns how much of s precedes the
 * credential's first byte, or 0 when this is none. */
static size_t credential_at(struct span s)
{
	size_t at = span_find(span_first(s, 40), '"');

	if (at >= 40 || at >= s.len ||
	    !in_list(span_first(s, at), member_names, COUNT(member_names)))
		return 0;
	at = skip_blanks(s, at + 1);
	if (at >= s.len || s.ptr[at] != ':')
		return 0;
	at = skip_blanks(s, at + 1);
	if (at < s.len && s.ptr[at] == '{') /* "client_secret": {"value": "ek_..."} */
		at = value_at(s, at + 1);
	return at < s.len && s.ptr[at] == '"' ? at + 1 : 0;
}

void credential_mask_text(struct span text, struct buf *out)
{
	while (text.len) {
		size_t quote = span_find(text, '"');
		struct span name = span_from(text, quote + 1);
		size_t before = credential_at(name);

		buf_add(out, span_first(text, quote + 1));
		text = name;
		if (before) {
			buf_add(out, span_first(text, before));
			buf_adds(out, MASK);
			text = span_from(text, before);
			text = span_from(text, string_length(text));
		}
	}
}

/* "--api-key", "OPENAI_API_KEY", "-u": what follows is a credential. */
static bool names_credential(struct span word)
{
	static const char *const ends[] = {
		"key", "token", "secret", "password", "passwd", "auth"
	};
	static const char *const options[] = { "-u", "--user", "--oauth2-bearer" };

	for (size_t i = 0; i < COUNT(ends); i++) {
		struct span end = span_str(ends[i]);

		if (word.len >= end.len && span_caseeq(span_from(word, word.len - end.len), end))
			return true;
	}
	return in_list(word, options, COUNT(options));
}

void credential_mask_argument(struct span before, struct span arg, struct buf *out)
{
	size_t colon = span_find(arg, ':'), eq = span_find(arg, '=');
	struct span name = span_first(arg, colon);
	bool option = before.len && before.ptr[0] == '-' && span_find(before, '=') == before.len;

	if (colon < arg.len && credential_header(span_trim(name))) {
		buf_add(out, name);
		buf_adds(out, ": ");
		credential_mask_value(name, span_trim(span_from(arg, colon + 1)), out);
	} else if (span_starts(span_from(arg, colon), SPAN_LIT("://"))) {
		credential_mask_target(arg, out);
	} else if (eq < arg.len && names_credential(span_first(arg, eq))) {
		buf_add(out, span_first(arg, eq + 1));
		buf_adds(out, MASK);
	} else if ((option && names_credential(before)) || span_starts(arg, SPAN_LIT("sk-"))) {
		buf_adds(out, MASK);
	} else {
		credential_mask_target(arg, out);
	}
}

/* ---- blanking in place ---- */

enum {
	AT_NAME,   /* at a line's beginning, in what may be a field name or a method */
	AT_OTHER,  /* in the rest of a line that has no secret */
	AT_SCHEME, /* in a secret value, where its scheme may stand */
	AT_SECRET, /* blanked to the line's end */
	AT_TARGET, /* in a request line */
	AT_QUERY_NAME,
	AT_QUERY_SECRET,
};

/* A longer word is no name that we know; its tail is what is compared. */
static void word_add(struct credential_scan *s, uint8_t c)
{
	if (s->len == sizeof(s->word)) {
		memmove(s->word, s->word + 1, sizeof(s->word) - 1);
		s->len--;
	}
	s->word[s->len++] = (char)tolower(c);
}

static struct span word_of(const struct credential_scan *s)
{
	return span_of(s->word, s->len);
}

static void enter(struct credential_scan *s, unsigned state)
{
	s->state = state;
	s->len = 0;
}

/* True while what was read may still become a scheme; a whole one ends in its blank. */
static bool scheme_goes_on(const struct credential_scan *s)
{
	for (size_t i = 0; i < COUNT(schemes); i++)
		if (span_starts(span_str(schemes[i]), word_of(s)))
			return true;
	return false;
}

/* Elsewhere a key that begins like a scheme would show that much of itself. */
static bool has_scheme(struct span name)
{
	return span_ends(name, SPAN_LIT("authorization"));
}

static void in_name(struct credential_scan *s, uint8_t c)
{
	if (c == ':')
		enter(s, !credential_header(word_of(s)) ? AT_OTHER
			 : has_scheme(word_of(s))	? AT_SCHEME
							: AT_SECRET);
	else if (c == ' ')
		enter(s, in_list(word_of(s), methods, COUNT(methods)) ? AT_TARGET : AT_OTHER);
	else if (c == '"' || c == '{')
		enter(s, AT_OTHER); /* a body, not a field */
	else
		word_add(s, c);
}

static uint8_t in_scheme(struct credential_scan *s, uint8_t c)
{
	if (c == ' ' && s->len == 0)
		return c;
	word_add(s, c);
	if (scheme_goes_on(s)) {
		if (c == ' ')
			enter(s, AT_SECRET);
		return c;
	}
	enter(s, AT_SECRET);
	return '*';
}

static uint8_t in_query(struct credential_scan *s, uint8_t c)
{
	if (c == '=') {
		enter(s, secret_query(word_of(s)) ? AT_QUERY_SECRET : AT_TARGET);
	} else if (c == '&') {
		s->len = 0;
	} else if (c == ' ') {
		enter(s, AT_OTHER);
	} else {
		word_add(s, c);
	}
	return c;
}

static uint8_t blank_one(struct credential_scan *s, uint8_t c)
{
	if (c == '\n') {
		enter(s, AT_NAME);
		return c;
	}
	switch (s->state) {
	case AT_NAME:
		in_name(s, c);
		return c;
	case AT_SCHEME:
		return c == '\r' ? c : in_scheme(s, c);
	case AT_SECRET:
		return c == '\r' || c == ' ' ? c : '*';
	case AT_TARGET:
		if (c == '?' || c == '&')
			enter(s, AT_QUERY_NAME);
		return c;
	case AT_QUERY_NAME:
		return in_query(s, c);
	case AT_QUERY_SECRET:
		if (c == '&')
			enter(s, AT_QUERY_NAME);
		else if (c == ' ' || c == '#')
			enter(s, AT_TARGET);
		return c == '&' || c == ' ' || c == '#' || c == '\r' ? c : '*';
	default:
		return c;
	}
}

void credential_scrub(struct credential_scan *s, uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s->state == AT_OTHER) {
			i += span_find(span_of(bytes + i, len - i), '\n');
			if (i == len)
				return;
		}
		bytes[i] = blank_one(s, bytes[i]);
	}
}

/* Zeroed, it is in the path, which AT_NAME stands for here. Blanks have no meaning, as no line
 * follows. */
bool credential_target_next(struct credential_scan *s, uint8_t c)
{
	if (s->state == AT_QUERY_NAME && c == '=')
		enter(s, secret_query(word_of(s)) ? AT_QUERY_SECRET : AT_TARGET);
	else if (s->state == AT_NAME ? c == '?' : c == '&')
		enter(s, AT_QUERY_NAME);
	else if (s->state == AT_QUERY_NAME)
		word_add(s, c);
	return s->state == AT_QUERY_SECRET;
}

void credential_gap(struct credential_scan *s)
{
	enter(s, AT_SECRET);
}
