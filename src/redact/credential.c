/* SPDX-License-Identifier: MIT */
#include "redact/credential.h"

#include <ctype.h>

#define MASK	     "***"
#define NAME_MAX_LEN 64
#define NAME(s)	     SPAN_LIT(s)

static const struct span header_names[] = {
	NAME("authorization"),
	NAME("proxy-authorization"),
	NAME("x-api-key"),
	NAME("api-key"),
	NAME("x-goog-api-key"),
	NAME("cookie"),
	NAME("set-cookie"),
	NAME("x-amz-security-token"),
	NAME("ocp-apim-subscription-key"),
	NAME("cf-aig-authorization"),
	NAME("x-portkey-api-key"),
	NAME("helicone-auth"),
	NAME("x-litellm-api-key"),
	NAME("x-auth-token"),
	NAME("x-goog-iam-authorization-token"),
};

/* Any name that ends so is taken for a credential. */
static const struct span header_ends[] = { NAME("api-key"), NAME("apikey"), NAME("-token"),
					   NAME("-secret"), NAME("-auth") };

static const struct span query_names[] = { NAME("key"),
					   NAME("api_key"),
					   NAME("api-key"),
					   NAME("apikey"),
					   NAME("token"),
					   NAME("access_token"),
					   NAME("sig"),
					   NAME("signature"),
					   NAME("client_secret"),
					   NAME("x-amz-signature"),
					   NAME("x-amz-credential"),
					   NAME("x-amz-security-token"),
					   NAME("code") };

/* Of members of JSON and of variables: lower case, without "-" and "_". */
static const struct span member_names[] = { NAME("secret"), NAME("passphrase"),
					    NAME("pgpassword") };

/* Any name that ends so is taken for a credential. Tokens are counted in most records: only what
 * else the name says makes one a credential. */
static const struct span member_ends[] = {
	NAME("apikey"),		 NAME("apisecret"),	  NAME("apitoken"),
	NAME("accesskey"),	 NAME("accesstoken"),	  NAME("authtoken"),
	NAME("authkey"),	 NAME("authorization"),	  NAME("authorizationtoken"),
	NAME("bearertoken"),	 NAME("clientassertion"), NAME("clientsecret"),
	NAME("credittoken"),	 NAME("idtoken"),	  NAME("oauthtoken"),
	NAME("passwd"),		 NAME("password"),	  NAME("privatekey"),
	NAME("refreshtoken"),	 NAME("secretaccesskey"), NAME("secretkey"),
	NAME("securitytoken"),	 NAME("sessiontoken"),	  NAME("signingkey"),
	NAME("subscriptionkey"), NAME("webhooksecret"),
};

/* These may be anything: what they hold has to look like a credential as well. */
static const struct span vague_names[] = { NAME("token"),	NAME("auth"), NAME("credential"),
					   NAME("credentials"), NAME("pass"), NAME("pwd") };

/* What may stand before a credential and tells nothing of it. */
static const struct span schemes[] = { NAME("bearer "), NAME("basic "), NAME("token "),
				       NAME("aws4-hmac-sha256 "), NAME("apikey ") };

static const struct span methods[] = { NAME("get"),    NAME("post"), NAME("put"),    NAME("patch"),
				       NAME("delete"), NAME("head"), NAME("options") };

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static bool in_list(struct span word, const struct span *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_caseeq(word, list[i]))
			return true;
	return false;
}

static bool ends_in_list(struct span word, const struct span *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct span end = list[i];

		/* Most differ in the last letter: names are many. */
		if (word.len >= end.len && (word.ptr[word.len - 1] | 32) == end.ptr[end.len - 1] &&
		    span_caseeq(span_from(word, word.len - end.len), end))
			return true;
	}
	return false;
}

#define PAIR(a, b) ((a) << 8 | (b))

/* What members are compared without says nothing. */
static bool is_filler(uint8_t c)
{
	return c == '-' || c == '_';
}

bool credential_may_end(uint8_t before, uint8_t last)
{
	if (is_filler(before) || is_filler(last))
		return true;
	switch (PAIR(before | 32, last | 32)) {
	case PAIR('a', 'l'):
	case PAIR('e', 'n'):
	case PAIR('e', 't'):
	case PAIR('e', 'y'):
	case PAIR('i', 'e'):
	case PAIR('l', 's'):
	case PAIR('o', 'n'):
	case PAIR('r', 'd'):
	case PAIR('s', 'e'):
	case PAIR('s', 's'):
	case PAIR('t', 'h'):
	case PAIR('w', 'd'):
		return true;
	default:
		return false;
	}
}

/* Most names are not in the lists, and end as none of them. */
static bool may_be_listed(struct span name)
{
	return name.len >= 2 && credential_may_end(name.ptr[name.len - 2], name.ptr[name.len - 1]);
}

bool credential_header(struct span name)
{
	if (!may_be_listed(name))
		return false;
	return in_list(name, header_names, COUNT(header_names)) ||
	       ends_in_list(name, header_ends, COUNT(header_ends));
}

/* "clientSecret", "CLIENT_SECRET" and "client-secret" are one name. Of one that is longer than
 * `ret` the end counts. */
static struct span squeeze(struct span name, char ret[NAME_MAX_LEN])
{
	size_t n = 0;

	name = span_from(name, name.len > NAME_MAX_LEN ? name.len - NAME_MAX_LEN : 0);
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] != '_' && name.ptr[i] != '-')
			ret[n++] = (char)tolower(name.ptr[i]);
	return span_of(ret, n);
}

bool credential_member(struct span name)
{
	char text[NAME_MAX_LEN];
	struct span squeezed;

	if (!may_be_listed(name))
		return false;
	squeezed = squeeze(name, text);
	return in_list(squeezed, member_names, COUNT(member_names)) ||
	       ends_in_list(squeezed, member_ends, COUNT(member_ends)) || credential_header(name);
}

bool credential_vague_member(struct span name)
{
	char text[NAME_MAX_LEN];

	return may_be_listed(name) && in_list(squeeze(name, text), vague_names, COUNT(vague_names));
}

size_t credential_scheme(struct span value)
{
	for (size_t i = 0; i < COUNT(schemes); i++) {
		struct span scheme = schemes[i];

		if (value.len > scheme.len && span_caseeq(span_first(value, scheme.len), scheme))
			return scheme.len;
	}
	return 0;
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
	buf_add(out, span_first(value, credential_scheme(value)));
	buf_adds(out, MASK);
}

/* A name that is percent-encoded has no reason to be but to hide what it says. */
bool credential_query(struct span name)
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

		if (eq < one.len && credential_query(span_first(one, eq))) {
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

/* "--api-key", "OPENAI_API_KEY", "-u": what follows is a credential. */
static bool names_credential(struct span word)
{
	static const struct span ends[] = { NAME("key"),      NAME("token"),  NAME("secret"),
					    NAME("password"), NAME("passwd"), NAME("auth") };
	static const struct span options[] = { NAME("-u"), NAME("--user"),
					       NAME("--oauth2-bearer") };

	return ends_in_list(word, ends, COUNT(ends)) || in_list(word, options, COUNT(options));
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
		if (span_starts(schemes[i], word_of(s)))
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
		enter(s, credential_query(word_of(s)) ? AT_QUERY_SECRET : AT_TARGET);
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
		enter(s, credential_query(word_of(s)) ? AT_QUERY_SECRET : AT_TARGET);
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
