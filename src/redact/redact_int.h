/* SPDX-License-Identifier: MIT */
/* What the files of the matcher share: the characters, what is looked at, and the scan itself. */
#ifndef SPY_REDACT_REDACT_INT_H
#define SPY_REDACT_REDACT_INT_H

#include "redact/redact_stream.h"

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

extern const uint32_t redact_sets[256];

/* Bytes that mean something by themselves: always, or where they begin a word. */
enum act { ACT_ALWAYS = 1, ACT_BEGIN = 2 };
extern const uint8_t redact_acts[256]; /* redact_shape.c */

static inline bool in_set(uint8_t c, unsigned set)
{
	return redact_sets[c] & set;
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
	size_t safe;   /* where it is not decided what is at `at`: so much of it is no credential */
	size_t looked; /* so far redact_skip.c has looked: nothing more can be passed over */
	bool final;
	struct buf *out; /* NULL: what is masked is overwritten instead */
	uint8_t *blank;	 /* from `blank_at` of `s` on; what precedes was written before */
	size_t blank_at;
};

static inline void flush(struct scan *c)
{
	if (c->out)
		buf_add(c->out, span_first(span_from(c->s, c->from), c->at - c->from));
	c->from = c->at;
}

/* What a decision may look at. */
static inline struct span window(const struct scan *c)
{
	return span_first(span_from(c->s, c->at), REDACT_HELD_MAX);
}

/* It will not grow. */
static inline bool is_whole(const struct scan *c, struct span w)
{
	return c->final || w.len == REDACT_HELD_MAX;
}

static inline enum verdict undecided(const struct scan *c, struct span w)
{
	return is_whole(c, w) ? NO : MORE;
}

static inline void forget_word(struct redact_stream *r)
{
	r->word_state = NO_WORD;
	r->word_len = 0;
}

static inline void pass_in_url(struct redact_stream *r, uint8_t c)
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
static inline void mask(struct scan *c, size_t keep, enum state state, unsigned count)
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

static inline size_t run_of(struct span w, size_t at, unsigned set)
{
	size_t begin = at;

	while (at < w.len && in_set(w.ptr[at], set))
		at++;
	return at - begin;
}

static inline bool has(struct span w, unsigned set)
{
	for (size_t i = 0; i < w.len; i++)
		if (in_set(w.ptr[i], set))
			return true;
	return false;
}

static inline size_t skip_blanks(struct span w, size_t at)
{
	while (at < w.len &&
	       (in_set(w.ptr[at], SET_BLANK) || w.ptr[at] == '\r' || w.ptr[at] == '\n'))
		at++;
	return at;
}

/* Some write a quote in a string so. */
static const struct span hex_quote = SPAN_LIT("\\u0022");

/* A quote at *at, written like the latest: passes over it. */
static inline bool take_quote(const struct redact_stream *r, struct span w, size_t *at)
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
static inline int level_of(unsigned slashes)
{
	int level = 0;

	while (slashes & 1) {
		slashes >>= 1;
		level++;
	}
	return slashes ? -1 : level;
}

/* One character of the text, escapes of JSON undone: "\n" and the like are line ends. */
struct unit {
	size_t len;
	uint8_t c, slashes;
};

/* Whether what begins at this place is a credential; masks it if so. MORE: more of the text is
 * needed to know. redact_shape.c: a key by its shape; redact_value.c: a value by its name. */
bool scan_may_be_shape(uint8_t c); /* some shape begins so */
bool scan_may_begin_shape(uint8_t c, uint8_t next);
enum verdict scan_at_shape(struct scan *c);
enum verdict scan_at_pem(struct scan *c);
enum verdict scan_at_assignment(struct scan *c, size_t mark);
enum verdict scan_at_closing_quote(struct scan *c, size_t len);
enum verdict scan_at_header(struct scan *c);
enum verdict scan_at_authority(struct scan *c);
enum verdict scan_at_second_at(struct scan *c);
enum verdict scan_at_query_value(struct scan *c);

/* redact_masked.c: one step inside of what is masked. False: more of the text is needed. */
bool scan_step_masked(struct scan *c);
bool scan_ends_line(const struct scan *c);
/* Overwrites bytes. number: with digits. */
void scan_blank(struct scan *c, size_t at, size_t len, bool number);

/* redact_skip.c: passes over what is nothing. */
void scan_skip(struct scan *c);

/* redact_stream.c */
enum verdict scan_read_unit(const struct scan *c, struct unit *ret);
void scan_pass_quote(struct redact_stream *r, uint8_t quote, uint8_t slashes);
int scan_hex(uint8_t c); /* -1: it is no digit */

#endif
