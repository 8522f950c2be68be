/* SPDX-License-Identifier: MIT */
/* Names are remembered as they pass, so that only what may be the beginning of a credential is ever
 * held back. Each decision looks at REDACT_HELD_MAX bytes at most and is put off while there are
 * fewer and they do not settle it: so it is the same however the text is cut. */
#include "redact/redact_stream.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "redact/redact_int.h"

const uint32_t redact_sets[256] = {
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

/* ---- characters ---- */

int scan_hex(uint8_t c)
{
	return c >= '0' && c <= '9'		    ? c - '0'
	       : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
						    : -1;
}

/* "\u0026" is how some write "&". */
static bool read_hex(struct span digits, uint8_t *ret)
{
	int high = scan_hex(digits.ptr[2]), low = scan_hex(digits.ptr[3]);

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

enum verdict scan_read_unit(const struct scan *c, struct unit *ret)
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

void scan_pass_quote(struct redact_stream *r, uint8_t quote, uint8_t slashes)
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
		scan_pass_quote(r, u.c, u.slashes);
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
	v = scan_at_authority(c);
	if (v != NO || c->r->in_url)
		return v;
	v = scan_at_header(c);
	return v == NO ? scan_at_assignment(c, 1) : v;
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
	v = scan_at_query_value(c);

	if (v != NO || c->r->in_url || c->r->word_state == NO_WORD)
		return v;
	return scan_at_assignment(c, len);
}

/* Whether what begins at this character is masked. */
static enum verdict look(struct scan *c, struct unit u)
{
	struct redact_stream *r = c->r;
	bool raw = u.len == 1;

	switch (u.c) {
	case '"':
	case '\'':
		return u.c == r->quote && u.slashes == r->slashes ? scan_at_closing_quote(c, u.len)
								  : NO;
	case ':':
		return raw ? at_colon(c) : NO;
	case '=':
		return at_equals(c, u.len);
	case '@':
		return raw ? scan_at_second_at(c) : NO;
	case '-':
		return raw && r->prev != '-' ? scan_at_pem(c) : NO;
	case ' ':
		return is_dashed_option(r) ? scan_at_assignment(c, u.len) : NO;
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

	if (!in_set(c->r->prev, SET_WORD) && scan_may_be_shape(c->s.ptr[c->at]))
		v = scan_at_shape(c);
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
	struct unit escape;
	uint8_t b;

	scan_skip(c);
	if (c->at == c->s.len)
		return true;
	b = c->s.ptr[c->at];
	if (in_set(b, SET_WORD))
		return step_word(c) != MORE;
	if (b != '\\')
		return step_unit(c, (struct unit){ .len = 1, .c = b == '\r' ? '\n' : b });
	return read_escape(c, window(c), &escape) != MORE && step_unit(c, escape);
}

static bool step(struct scan *c)
{
	c->safe = SIZE_MAX;
	if (scan_ends_line(c)) {
		c->r->state = PLAIN;
		c->r->in_array = false;
	}
	return c->r->state == PLAIN ? step_plain(c) : scan_step_masked(c);
}

static void run(struct scan *c)
{
	while (c->at < c->s.len && step(c))
		;
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
	flush(&c);
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

bool redact_masks(struct span text, enum redact_begin begin, struct buf *out)
{
	struct redact_stream r;
	struct scan c = { .r = &r, .s = text, .final = true, .out = out };
	size_t before = out->len;

	redact_stream_init(&r, begin);
	run(&c);
	if (c.from == 0 && out->len == before)
		return false;
	flush(&c);
	return true;
}

void redact_text(struct span text, enum redact_begin begin, struct buf *out)
{
	if (!redact_masks(text, begin, out))
		buf_add(out, text);
}

/* What is not decided may be a credential: it is overwritten as well, as far as its string goes. */
static void blank_rest(struct scan *c)
{
	struct span rest = span_from(c->s, c->at);
	size_t len = c->safe;

	while (len < rest.len && !memchr("\r\n\"'`\\", rest.ptr[len], 6))
		len++;
	if (len < SIZE_MAX && c->safe < rest.len)
		scan_blank(c, c->at + c->safe, len - c->safe, false);
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
	flush(&c);
	if (c.at < c.s.len)
		blank_rest(&c);
	hold(r, span_from(c.s, c.at));
	free(copy);
	free(own);
}
