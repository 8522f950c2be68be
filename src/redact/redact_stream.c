/* SPDX-License-Identifier: MIT */
/* Names are remembered as they pass, so that only what may be the beginning of a credential is ever
 * held back. Each decision looks at REDACT_HELD_MAX bytes at most and is put off while there are
 * fewer and they do not settle it: so it is the same however the text is cut. */
#include "redact/redact_stream.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "redact/credential.h"

#define MASK "***"
/* Shorter ones are words. */
#define VALUE_MIN 8
#define TOKEN_MIN 16
/* Of backslashes before a quote: it is written as "\u0022". */
#define HEX_QUOTE 32

enum set {
	SET_ALNUM = 1,
	SET_UPPER = 2, /* and digits */
	SET_NAME = 4,
	SET_BASE64 = 8,
	SET_TOKEN = 16, /* RFC 7235's token68 */
	SET_JWT = 32,
	SET_NUMBER = 64,
	SET_VALUE = 128,
	SET_USERINFO = 256,
	SET_QUERY = 512, /* a parameter's value */
	SET_WORD = 1024, /* letters, digits, "_" */
	SET_DIGIT = 2048,
	SET_LETTER = 4096,
	SET_BLANK = 1 << 13,
	SET_MARK = 1 << 14,   /* of a URL, before a parameter's name */
	SET_BULLET = 1 << 15, /* of a list, before a header field's name */
	SET_NO_URL = 1 << 16, /* ends one */
};

#define IN_KEYS (SET_NAME | SET_TOKEN | SET_JWT | SET_VALUE | SET_USERINFO | SET_QUERY)
#define IN_ALL	(IN_KEYS | SET_ALNUM | SET_BASE64 | SET_WORD)
#define IN_URL	(SET_USERINFO | SET_QUERY)

static const uint32_t sets[256] = {
	['0' ... '9'] = IN_ALL | SET_UPPER | SET_NUMBER | SET_DIGIT,
	['A' ... 'D'] = IN_ALL | SET_UPPER | SET_LETTER,
	['E'] = IN_ALL | SET_UPPER | SET_NUMBER | SET_LETTER,
	['F' ... 'Z'] = IN_ALL | SET_UPPER | SET_LETTER,
	['a' ... 'd'] = IN_ALL | SET_LETTER,
	['e'] = IN_ALL | SET_NUMBER | SET_LETTER,
	['f' ... 'z'] = IN_ALL | SET_LETTER,
	['_'] = IN_KEYS | SET_WORD,
	['-'] = IN_KEYS | SET_NUMBER | SET_BULLET,
	['.'] = SET_TOKEN | SET_JWT | SET_VALUE | IN_URL | SET_NUMBER,
	['+'] = SET_TOKEN | SET_BASE64 | SET_VALUE | IN_URL | SET_NUMBER | SET_BULLET,
	['/'] = SET_TOKEN | SET_BASE64 | SET_VALUE | SET_QUERY,
	['='] = SET_TOKEN | SET_BASE64 | SET_VALUE | IN_URL,
	['~'] = SET_TOKEN | SET_VALUE | IN_URL,
	['!'] = SET_VALUE | IN_URL,
	['%'] = SET_VALUE | IN_URL,
	['^'] = SET_VALUE | IN_URL,
	[':'] = SET_VALUE | IN_URL,
	['@'] = SET_VALUE | SET_QUERY,
	['?'] = SET_VALUE | SET_QUERY | SET_MARK,
	['#'] = SET_VALUE | SET_MARK | SET_BULLET,
	['&'] = SET_MARK,
	[' '] = SET_BLANK | SET_BULLET | SET_NO_URL,
	['\t'] = SET_BLANK | SET_BULLET | SET_NO_URL,
	['\n'] = SET_NO_URL,
	['<'] = SET_BULLET | SET_NO_URL,
	['>'] = SET_BULLET | SET_NO_URL,
	['`'] = SET_NO_URL,
	['\\'] = SET_NO_URL,
	['$'] = IN_URL,
	['('] = IN_URL,
	[')'] = IN_URL,
	[','] = IN_URL,
	[';'] = IN_URL | SET_MARK,
	['*'] = SET_QUERY,
	['['] = SET_QUERY,
	[']'] = SET_QUERY,
	['{'] = SET_QUERY,
	['}'] = SET_QUERY,
	['|'] = SET_QUERY | SET_BULLET,
	[0x80 ... 0xff] = SET_QUERY,
};

static bool in_set(uint8_t c, unsigned set)
{
	return sets[c] & set;
}

enum state {
	PLAIN,
	IN_STRING,     /* of a masked value, up to its closing quote */
	AFTER_ELEMENT, /* of an array of masked strings */
	IN_RUN,	       /* as long as the characters are of one set */
	IN_LINE,       /* up to the end of the line, or of the string that the line is in */
	IN_FIELD,      /* of a form, up to the end of the line */
	IN_PEM,
};

enum word_state { NO_WORD, OPEN_WORD, ENDED_WORD /* blanks followed */ };

enum verdict { NO, YES, MORE };

/* One piece on its way: what lies between `from` and `at` is passed on as it is. */
struct scan {
	struct redact_stream *r;
	struct span s;
	size_t at, from;
	size_t safe; /* where it is not decided what is at `at`: so much of it is no credential */
	bool final;
	struct buf *out; /* NULL: what is masked is overwritten instead */
	uint8_t *blank;	 /* from `blank_at` of `s` on; what precedes was written before */
	size_t blank_at;
};

static void flush(struct scan *c)
{
	if (c->out)
		buf_add(c->out, span_first(span_from(c->s, c->from), c->at - c->from));
	c->from = c->at;
}

/* What a decision may look at. */
static struct span window(const struct scan *c)
{
	return span_first(span_from(c->s, c->at), REDACT_HELD_MAX);
}

/* It will not grow. */
static bool is_whole(const struct scan *c, struct span w)
{
	return c->final || w.len == REDACT_HELD_MAX;
}

static enum verdict undecided(const struct scan *c, struct span w)
{
	return is_whole(c, w) ? NO : MORE;
}

static void forget_word(struct redact_stream *r)
{
	r->word_state = NO_WORD;
	r->word_len = 0;
}

static void pass_in_url(struct redact_stream *r, uint8_t c)
{
	if (in_set(c, SET_NO_URL)) {
		r->in_url = r->query_name = false;
	} else if (in_set(c, SET_MARK)) {
		r->query_name = true;
		r->percent = false;
	} else if (c == '%') {
		r->percent = r->query_name;
	} else if (c == '/' || c == '=') {
		r->query_name = false;
	}
}

/* Passes `keep` bytes on, and masks what follows. */
static void mask(struct scan *c, size_t keep, enum state state, unsigned count)
{
	struct redact_stream *r = c->r;

	for (size_t i = 0; r->in_url && i < keep; i++)
		pass_in_url(r, c->s.ptr[c->at + i]);
	c->at += keep;
	flush(c);
	if (c->out)
		buf_adds(c->out, MASK);
	forget_word(r);
	r->state = state;
	r->count = count;
	r->prev = '*';
	r->line = r->after_quote = false;
	r->escape_left = 0;
}

/* ---- looking ahead ---- */

static size_t run_of(struct span w, size_t at, unsigned set)
{
	size_t begin = at;

	while (at < w.len && in_set(w.ptr[at], set))
		at++;
	return at - begin;
}

static bool has(struct span w, unsigned set)
{
	for (size_t i = 0; i < w.len; i++)
		if (in_set(w.ptr[i], set))
			return true;
	return false;
}

static size_t skip_blanks(struct span w, size_t at)
{
	while (at < w.len &&
	       (in_set(w.ptr[at], SET_BLANK) || w.ptr[at] == '\r' || w.ptr[at] == '\n'))
		at++;
	return at;
}

/* Some write a quote in a string so. */
static const struct span hex_quote = SPAN_LIT("\\u0022");

/* A quote at *at, written like the latest: passes over it. */
static bool take_quote(const struct redact_stream *r, struct span w, size_t *at)
{
	size_t n = 0;

	if (r->slashes == HEX_QUOTE) {
		if (!span_starts(span_from(w, *at), hex_quote))
			return false;
		*at += hex_quote.len;
		return true;
	}

	while (*at + n < w.len && w.ptr[*at + n] == '\\')
		n++;
	if (n != r->slashes || *at + n >= w.len || w.ptr[*at + n] != r->quote)
		return false;
	*at += n + 1;
	return true;
}

/* How deep a string is quoted whose quotes have so many backslashes: 0, 1, 3, 7 ...; -1: none is.
 */
static int level_of(unsigned slashes)
{
	int level = 0;

	while (slashes & 1) {
		slashes >>= 1;
		level++;
	}
	return slashes ? -1 : level;
}

/* ---- keys by their shape ---- */

enum needs {
	NEEDS_NOTHING,
	NEEDS_MIX, /* a digit or a capital */
	NEEDS_DIGIT,
	NEEDS_DOT,
};

static const struct shape {
	const char *prefix;
	size_t len;
	unsigned set;
	size_t min;
	enum needs needs;
} shapes[] = {
#define GROUP(name, letter)
#define SHAPE(prefix, set, min, needs) { prefix, sizeof(prefix) - 1, set, min, needs },
#include "redact/key_shapes.def"
#undef GROUP
#undef SHAPE
	{ "", 0, 0, 0, NEEDS_NOTHING },
};

/* Where each letter's shapes begin. */
#define ROW_AT(line) ROW_##line
#define ROW_OF(line) ROW_AT(line)
enum {
#define GROUP(name, letter)	       BEGIN_##name, BEFORE_##name = BEGIN_##name - 1,
#define SHAPE(prefix, set, min, needs) ROW_OF(__LINE__),
#include "redact/key_shapes.def"
#undef GROUP
#undef SHAPE
};

/* Plus 1; 0: nothing begins so. */
static const uint8_t first_shape[256] = {
#define GROUP(name, letter) [letter] = BEGIN_##name + 1,
#define SHAPE(prefix, set, min, needs)
#include "redact/key_shapes.def"
#undef GROUP
#undef SHAPE
};

static bool has_needed(const struct shape *k, struct span rest)
{
	size_t dot;

	switch (k->needs) {
	case NEEDS_NOTHING:
		return true;
	case NEEDS_MIX:
		return has(rest, SET_UPPER);
	case NEEDS_DIGIT:
		return has(rest, SET_DIGIT);
	case NEEDS_DOT:
		dot = span_find(rest, '.');
		return dot >= 8 && dot + 8 < rest.len && rest.ptr[dot + 1] != '.';
	}
	return false;
}

static enum verdict try_shape(struct scan *c, const struct shape *k, struct span w)
{
	struct span prefix = span_of(k->prefix, k->len), rest;

	if (w.len < prefix.len)
		return span_starts(prefix, w) ? undecided(c, w) : NO;
	if (!span_starts(w, prefix))
		return NO;
	rest = span_from(w, prefix.len);
	rest = span_first(rest, run_of(rest, 0, k->set));
	if (rest.len >= k->min && has_needed(k, rest))
		return YES;
	if (prefix.len + rest.len < w.len)
		return NO;
	c->safe = prefix.len < c->safe ? prefix.len : c->safe;
	return undecided(c, w);
}

/* At the beginning of a word. */
static enum verdict at_shape(struct scan *c)
{
	struct span w = window(c);
	const struct shape *k = &shapes[first_shape[w.ptr[0]] - 1];
	enum verdict all = NO, v;

	for (; (uint8_t)k->prefix[0] == w.ptr[0]; k++) {
		if (w.len > 1 && k->prefix[1] != (char)w.ptr[1])
			continue;
		v = try_shape(c, k, w);
		if (v == YES) {
			mask(c, k->len, IN_RUN, k->set);
			return YES;
		}
		all = v == MORE ? MORE : all;
	}
	return all;
}

/* "-----BEGIN RSA PRIVATE KEY-----" */
static enum verdict at_pem(struct scan *c)
{
	static const struct span begin = SPAN_LIT("-----BEGIN "), key = SPAN_LIT("PRIVATE KEY");
	struct span w = span_first(window(c), 80), rest;
	size_t len;

	if (w.len < begin.len)
		return span_starts(begin, w) ? undecided(c, window(c)) : NO;
	if (!span_starts(w, begin))
		return NO;
	rest = span_from(w, begin.len);
	for (len = 0; len < rest.len && (in_set(rest.ptr[len], SET_UPPER) || rest.ptr[len] == ' ');)
		len++;
	if (len == rest.len || rest.len < len + 5)
		return w.len < 80 ? undecided(c, window(c)) : NO;
	if (!span_starts(span_from(rest, len), SPAN_LIT("-----")) ||
	    !memmem(rest.ptr, len, key.ptr, key.len))
		return NO;
	mask(c, begin.len + len + 5, IN_PEM, 0);
	return YES;
}

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
static enum verdict at_assignment(struct scan *c, size_t mark)
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
static enum verdict at_closing_quote(struct scan *c, size_t len)
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
static enum verdict at_header(struct scan *c)
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
static enum verdict at_authority(struct scan *c)
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
static enum verdict at_second_at(struct scan *c)
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

static enum verdict at_query_value(struct scan *c)
{
	struct redact_stream *r = c->r;

	if (!r->in_url || !r->query_name)
		return NO;
	if (!r->percent && !credential_query(word_of(r)) && !credential_member(word_of(r)))
		return NO;
	mask(c, 1, IN_RUN, SET_QUERY);
	return YES;
}

/* ---- characters ---- */

/* One character of the text, escapes of JSON undone: "\n" and the like are line ends. */
struct unit {
	size_t len;
	uint8_t c, slashes;
};

static int hex(uint8_t c)
{
	return c >= '0' && c <= '9'		    ? c - '0'
	       : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
						    : -1;
}

/* "\u0026" is how some write "&". */
static bool read_hex(struct span digits, uint8_t *ret)
{
	int high = hex(digits.ptr[2]), low = hex(digits.ptr[3]);

	if (digits.ptr[0] != '0' || digits.ptr[1] != '0' || high < 2 || high > 7 || low < 0)
		return false;
	*ret = (uint8_t)(high << 4 | low);
	return *ret != '"' && *ret != '\'' && *ret != '\\';
}

static enum verdict read_escape(const struct scan *c, struct span w, struct unit *ret)
{
	size_t n = 1;
	uint8_t next, value;

	while (n < w.len && w.ptr[n] == '\\' && n < 31)
		n++;
	if (n == w.len || (w.ptr[n] == 'u' && n + 5 > w.len)) {
		*ret = (struct unit){ .len = n, .c = '\\' };
		return is_whole(c, w) ? YES : MORE;
	}
	next = w.ptr[n];
	*ret = (struct unit){ .len = n + 1, .c = next, .slashes = (uint8_t)n };
	if (next == '"' || next == '\'' || next == '/')
		return YES;
	if (strchr("nrbf", next) && next) {
		ret->c = '\n';
	} else if (next == 't') {
		ret->c = ' ';
	} else if (n == 1 && span_starts(w, hex_quote)) {
		*ret = (struct unit){ .len = hex_quote.len, .c = '"', .slashes = HEX_QUOTE };
	} else if (next == 'u' && read_hex(span_from(w, n + 1), &value)) {
		*ret = (struct unit){ .len = n + 5, .c = value };
	} else {
		*ret = (struct unit){ .len = n, .c = '\\' };
	}
	return YES;
}

static inline enum verdict read_unit(const struct scan *c, struct unit *ret)
{
	uint8_t b = c->s.ptr[c->at];

	if (b == '\\')
		return read_escape(c, window(c), ret);
	*ret = (struct unit){ .len = 1, .c = b == '\r' ? '\n' : b };
	return YES;
}

static void begin_word(struct redact_stream *r)
{
	r->word_state = OPEN_WORD;
	r->word_len = 0;
	r->word_line = r->line;
	r->word_quoted = r->after_quote;
}

/* Of a name that is longer, the end counts. */
static void add_to_word(struct redact_stream *r, struct span s)
{
	size_t over;

	if (r->word_state != OPEN_WORD)
		begin_word(r);
	if (r->word_len + s.len > REDACT_WORD_MAX) {
		s = span_from(s, s.len > REDACT_WORD_MAX ? s.len - REDACT_WORD_MAX : 0);
		over = r->word_len + s.len - REDACT_WORD_MAX;
		memmove(r->word, r->word + over, r->word_len - over);
		r->word_len = (uint8_t)(r->word_len - over);
	}
	memcpy(r->word + r->word_len, s.ptr, s.len);
	r->word_len = (uint8_t)(r->word_len + s.len);
}

static void pass_quote(struct redact_stream *r, uint8_t quote, uint8_t slashes)
{
	forget_word(r);
	r->quote = r->prev = quote;
	r->slashes = slashes;
	r->line = r->after_quote = true;
	r->in_url = r->query_name = false;
}

/* Nothing begins here: only what it means for what follows. */
static void pass(struct scan *c, struct unit u)
{
	struct redact_stream *r = c->r;
	bool newline = u.c == '\n';

	c->at += u.len;
	if (u.c == '"' || u.c == '\'') {
		pass_quote(r, u.c, u.slashes);
		return;
	}
	if (in_set(u.c, SET_WORD) || u.c == '-')
		add_to_word(r, span_of(&u.c, 1));
	else if (in_set(u.c, SET_BLANK) && r->word_state != NO_WORD)
		r->word_state = ENDED_WORD;
	else
		forget_word(r);
	if (r->in_url)
		pass_in_url(r, u.c);
	r->line = newline || (r->line && in_set(u.c, SET_BULLET));
	r->after_quote = false;
	r->prev = u.c;
}

static bool is_dashed_option(const struct redact_stream *r)
{
	return r->word_state == OPEN_WORD && r->word_len > 2 && r->word[0] == '-' &&
	       r->word[1] == '-';
}

static enum verdict at_colon(struct scan *c)
{
	enum verdict v;

	if (c->r->word_state == NO_WORD)
		return NO;
	v = at_authority(c);
	if (v != NO || c->r->in_url)
		return v;
	v = at_header(c);
	return v == NO ? at_assignment(c, 1) : v;
}

/* A recording's bytes do not say that a form follows: a pair at a line's beginning, and another. */
static enum verdict at_form(struct scan *c)
{
	struct redact_stream *r = c->r;
	struct span w = window(c);
	size_t len;

	if (c->out || r->in_url || r->word_state != OPEN_WORD || !r->word_line)
		return NO;
	len = 1 + run_of(w, 1, SET_QUERY);
	c->safe = 1;
	if (len == w.len)
		return undecided(c, w);
	r->in_url = r->query_name = w.ptr[len] == '&';
	r->percent = false;
	return NO;
}

static enum verdict at_equals(struct scan *c, size_t len)
{
	enum verdict v = at_form(c);

	if (v != NO)
		return v;
	v = at_query_value(c);

	if (v != NO || c->r->in_url || c->r->word_state == NO_WORD)
		return v;
	return at_assignment(c, len);
}

/* Whether what begins at this character is masked. */
static enum verdict look(struct scan *c, struct unit u)
{
	struct redact_stream *r = c->r;
	bool raw = u.len == 1;

	switch (u.c) {
	case '"':
	case '\'':
		return u.c == r->quote && u.slashes == r->slashes ? at_closing_quote(c, u.len) : NO;
	case ':':
		return raw ? at_colon(c) : NO;
	case '=':
		return at_equals(c, u.len);
	case '@':
		return raw ? at_second_at(c) : NO;
	case '-':
		return raw && r->prev != '-' ? at_pem(c) : NO;
	case ' ':
		return is_dashed_option(r) ? at_assignment(c, u.len) : NO;
	default:
		return NO;
	}
}

/* The letters and digits of a word mean nothing by themselves. */
static void pass_word(struct scan *c)
{
	struct redact_stream *r = c->r;
	size_t len = run_of(c->s, c->at, SET_WORD);

	add_to_word(r, span_first(span_from(c->s, c->at), len));
	c->at += len;
	r->prev = c->s.ptr[c->at - 1];
	r->line = r->after_quote = false;
}

static enum verdict step_word(struct scan *c)
{
	enum verdict v = NO;

	if (!in_set(c->r->prev, SET_WORD) && first_shape[c->s.ptr[c->at]])
		v = at_shape(c);
	if (v == NO)
		pass_word(c);
	return v;
}

static bool step_unit(struct scan *c, struct unit u)
{
	enum verdict v = look(c, u);

	if (v == NO)
		pass(c, u);
	return v != MORE;
}

static bool step_plain(struct scan *c)
{
	uint8_t b = c->s.ptr[c->at];
	struct unit escape;

	if (in_set(b, SET_WORD))
		return step_word(c) != MORE;
	if (b != '\\')
		return step_unit(c, (struct unit){ .len = 1, .c = b == '\r' ? '\n' : b });
	return read_escape(c, window(c), &escape) != MORE && step_unit(c, escape);
}

/* ---- inside of what is masked ---- */

/* What one byte of a credential is overwritten with. Blanks and line ends stay, and a number stays
 * one. */
static uint8_t blank_for(uint8_t c, bool number)
{
	if (c == ' ' || c == '\r' || c == '\n')
		return c;
	return !number ? '*' : in_set(c, SET_DIGIT) ? '1' : c;
}

static void blank(struct scan *c, size_t at, size_t len, bool number)
{
	for (size_t i = at < c->blank_at ? c->blank_at : at; i < at + len; i++)
		c->blank[i - c->blank_at] = blank_for(c->blank[i - c->blank_at], number);
}

/* What is passed over is gone. Where it is overwritten instead, escapes stay as they are, so that
 * strings end where they did. */
static void drop(struct scan *c, size_t len)
{
	struct redact_stream *r = c->r;

	if (!c->out)
		blank(c, c->at, len, r->state == IN_RUN && r->count == SET_NUMBER);
	c->at += len;
	c->from = c->at;
}

static void drop_byte(struct scan *c)
{
	struct redact_stream *r = c->r;
	uint8_t b = c->s.ptr[c->at];
	bool escaped = r->escape_left > 0;

	if (b == '\\' && !escaped)
		r->escape_left = 1;
	else if (escaped)
		r->escape_left = b == 'u' && !r->escape_hex ? 4 : r->escape_left - 1;
	r->escape_hex = escaped && (b == 'u' || r->escape_hex) && r->escape_left;
	if (b == '\\' || escaped)
		c->from = ++c->at;
	else
		drop(c, 1);
}

/* Whether a quote behind `slashes` backslashes closes a string that is quoted `level` deep, or one
 * around it: *ret is then how many of these belong to the quote. */
static bool closes(unsigned slashes, unsigned level, unsigned *ret)
{
	unsigned depth = 0;

	while (depth < level && slashes % 2) {
		slashes /= 2;
		depth++;
	}
	*ret = (1u << depth) - 1;
	return slashes % 2 == 0;
}

static void close_string(struct scan *c, uint8_t quote, unsigned slashes)
{
	struct redact_stream *r = c->r;

	pass_quote(r, quote, (uint8_t)slashes);
	r->state = r->in_array ? AFTER_ELEMENT : PLAIN;
}

/* Between quotes as "\u0022"; a plain one closes the string around. */
static bool step_hex_string(struct scan *c)
{
	struct span w = window(c);

	if (w.ptr[0] == '"') {
		c->r->state = PLAIN;
		return true;
	}
	if (w.len < hex_quote.len && span_starts(hex_quote, w) && !is_whole(c, w))
		return false;
	if (!span_starts(w, hex_quote)) {
		drop_byte(c);
		return true;
	}
	c->from = c->at;
	c->at += hex_quote.len;
	flush(c);
	close_string(c, '"', HEX_QUOTE);
	return true;
}

static bool step_string(struct scan *c)
{
	struct redact_stream *r = c->r;
	uint8_t b = c->s.ptr[c->at];
	unsigned slashes;

	if (r->slashes == HEX_QUOTE)
		return step_hex_string(c);
	if (b == r->quote && closes(r->count, r->level, &slashes)) {
		c->from = ++c->at;
		for (unsigned i = 0; c->out && i < slashes; i++)
			buf_addc(c->out, '\\');
		if (c->out)
			buf_addc(c->out, (char)b);
		close_string(c, b, slashes);
		return true;
	}
	drop_byte(c);
	r->count = b == '\\' ? r->count + 1 : 0;
	return true;
}

static bool step_element(struct scan *c)
{
	struct redact_stream *r = c->r;
	struct span w = window(c);
	size_t at = skip_blanks(w, 0);
	bool comma = at < w.len && w.ptr[at] == ',';

	if (comma) {
		at = skip_blanks(w, at + 1);
		if (take_quote(r, w, &at)) {
			mask(c, at, IN_STRING, 0);
			return true;
		}
	}
	if ((at == w.len || (comma && w.ptr[at] == '\\')) && undecided(c, w) == MORE)
		return false;
	r->in_array = false;
	r->state = PLAIN;
	return true;
}

static void step_run(struct scan *c)
{
	size_t len = run_of(c->s, c->at, c->r->count);

	drop(c, len);
	if (c->at < c->s.len)
		c->r->state = PLAIN;
}

static bool step_line(struct scan *c)
{
	const struct redact_stream *r = c->r;
	struct unit u;

	if (read_unit(c, &u) == MORE)
		return false;
	if (u.c == '\n' || (u.c == '"' && !u.slashes) ||
	    (r->word_quoted && u.c == r->quote && u.slashes == r->slashes))
		c->r->state = PLAIN;
	else if (u.len == 1)
		drop(c, 1);
	else
		c->from = c->at += u.len;
	return true;
}

static void step_field(struct scan *c)
{
	uint8_t b = c->s.ptr[c->at];

	if (b == '\r' || b == '\n')
		c->r->state = PLAIN;
	else
		drop(c, 1);
}

static void step_pem(struct scan *c)
{
	struct redact_stream *r = c->r;
	uint8_t b = c->s.ptr[c->at];

	if (b == '"') {
		r->state = PLAIN;
		return;
	}
	if (!c->out && b == '-')
		c->from = ++c->at;
	else
		drop_byte(c);
	r->count = b == '-' ? r->count + 1 : 0;
	if (r->count == 5) {
		if (c->out)
			buf_adds(c->out, "-----");
		r->prev = '-';
		r->state = PLAIN;
	}
}

/* In what is overwritten, lines frame messages, and nothing masked goes on behind one: a string
 * that is never closed must not take other messages with it. */
static bool ends_line(const struct scan *c)
{
	uint8_t b = c->s.ptr[c->at];
	unsigned state = c->r->state;

	return !c->out && (b == '\r' || b == '\n') && state != PLAIN && state != IN_PEM;
}

static bool step(struct scan *c)
{
	c->safe = SIZE_MAX;
	if (ends_line(c)) {
		c->r->state = PLAIN;
		c->r->in_array = false;
	}
	switch ((enum state)c->r->state) {
	case PLAIN:
		return step_plain(c);
	case IN_STRING:
		return step_string(c);
	case AFTER_ELEMENT:
		return step_element(c);
	case IN_RUN:
		step_run(c);
		return true;
	case IN_LINE:
		return step_line(c);
	case IN_FIELD:
		step_field(c);
		return true;
	case IN_PEM:
		step_pem(c);
		return true;
	}
	return true;
}

static void run(struct scan *c)
{
	while (c->at < c->s.len && step(c))
		;
	flush(c);
}

/* ---- the face ---- */

void redact_stream_init(struct redact_stream *r, enum redact_begin begin)
{
	memset(r, 0, offsetof(struct redact_stream, word));
	r->line = true;
	r->in_url = begin != REDACT_TEXT;
	r->query_name = begin == REDACT_FORM;
}

static void hold(struct redact_stream *r, struct span rest)
{
	if (rest.len)
		memcpy(r->held, rest.ptr, rest.len);
	r->held_len = rest.len;
}

/* What was held back, and `s`; *ret_copy is to be freed. */
static struct span behind_held(struct redact_stream *r, struct span s, uint8_t **ret_copy)
{
	size_t held = r->held_len;
	uint8_t *all = NULL;

	*ret_copy = NULL;
	if (!held)
		return s;
	all = *ret_copy = xmalloc(held + s.len);
	memcpy(all, r->held, held);
	if (s.len)
		memcpy(all + held, s.ptr, s.len);
	r->held_len = 0;
	return span_of(all, held + s.len);
}

static void feed(struct redact_stream *r, struct span s, bool final, struct buf *out)
{
	uint8_t *copy;
	struct scan c = { .r = r, .s = behind_held(r, s, &copy), .final = final, .out = out };

	run(&c);
	hold(r, span_from(c.s, c.at));
	free(copy);
}

void redact_stream_feed(struct redact_stream *r, struct span s, struct buf *out)
{
	if (s.len)
		feed(r, s, false, out);
}

void redact_stream_end(struct redact_stream *r, struct buf *out)
{
	feed(r, span_of(NULL, 0), true, out);
}

void redact_text(struct span text, enum redact_begin begin, struct buf *out)
{
	struct redact_stream r;

	redact_stream_init(&r, begin);
	feed(&r, text, true, out);
}

/* What is not decided may be a credential: it is overwritten as well, as far as its string goes. */
static void blank_rest(struct scan *c)
{
	struct span rest = span_from(c->s, c->at);
	size_t len = c->safe;

	while (len < rest.len && !memchr("\r\n\"'`\\", rest.ptr[len], 6))
		len++;
	if (len < SIZE_MAX && c->safe < rest.len)
		blank(c, c->at + c->safe, len - c->safe, false);
}

void redact_stream_blank(struct redact_stream *r, uint8_t *bytes, size_t len)
{
	size_t held = r->held_len;
	uint8_t *copy, *own = NULL;
	struct scan c = { .r = r, .s = behind_held(r, span_of(bytes, len), &copy) };

	/* What is read must stay as it came while it is overwritten. */
	if (!copy)
		c.s = span_of(own = (uint8_t *)xstrndup((const char *)bytes, len), len);
	c.blank = bytes;
	c.blank_at = held;
	run(&c);
	if (c.at < c.s.len)
		blank_rest(&c);
	hold(r, span_from(c.s, c.at));
	free(copy);
	free(own);
}
