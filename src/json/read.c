/* SPDX-License-Identifier: MIT */
#include "json/read.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "json/memory.h"
#include "json/number.h"

/* This part of the limit `memory` is there beside it for what is read. */
#define READING 8
/* The deepest that the stack is known to bear. */
#define DEPTH_MAX 2000
/* What takes the place of what is no character. */
#define REPLACEMENT "\xef\xbf\xbd"

enum outcome {
	READ_GOES_ON,
	READ_ENDED,   /* the text did */
	READ_WRONG,   /* no client would read on */
	READ_LIMITED, /* a ceiling was reached */
};

struct reader {
	const uint8_t *at, *end;
	struct limits *lim; /* NULL: nothing is counted */
	size_t depth_max, values_max, memory_max;
	enum limit memory_which; /* that bounds memory */
	size_t depth, values, memory;
	enum outcome outcome;
	bool pruned; /* something was too deep */
	bool halves; /* those at the ends of strings stay */
	struct buf scratch;
};

static void set_ceilings(struct reader *r, struct limits *lim)
{
	struct limits defaults = { 0 };
	const struct limits *l = lim ? lim : &defaults;
	size_t max, left;

	if (!lim)
		limits_init(&defaults);
	/* Bodies alone may fill it, so there is some more for reading them. */
	max = l->max[LIMIT_memory] + l->max[LIMIT_memory] / READING;
	left = max > limits_memory(l) ? max - limits_memory(l) : 0;
	r->lim = lim;
	r->depth_max = l->max[LIMIT_json_depth] < DEPTH_MAX ? l->max[LIMIT_json_depth] : DEPTH_MAX;
	r->values_max = l->max[LIMIT_json_values];
	r->memory_max = left < l->max[LIMIT_json_memory] ? left : l->max[LIMIT_json_memory];
	r->memory_which = left < l->max[LIMIT_json_memory] ? LIMIT_memory : LIMIT_json_memory;
}

static void stop(struct reader *r, enum outcome why)
{
	if (r->outcome == READ_GOES_ON)
		r->outcome = why;
}

static void hit(struct reader *r, enum limit which)
{
	if (r->lim)
		limit_hit(r->lim, which);
}

/* Whether one value more of so many bytes may be made. */
static bool may_take(struct reader *r, size_t memory)
{
	r->memory += memory;
	if (++r->values <= r->values_max && r->memory <= r->memory_max)
		return true;
	if (r->outcome == READ_GOES_ON)
		hit(r, r->values > r->values_max ? LIMIT_json_values : r->memory_which);
	stop(r, READ_LIMITED);
	return false;
}

static void skip_blanks(struct reader *r)
{
	while (r->at < r->end &&
	       (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
		r->at++;
}

/* ---- strings ---- */

static int hex_of(uint8_t b)
{
	if (b >= '0' && b <= '9')
		return b - '0';
	b |= 0x20;
	return b >= 'a' && b <= 'f' ? b - 'a' + 10 : -1;
}

/* Four digits at `p`, or -1. */
static int unit_at(const struct reader *r, const uint8_t *p)
{
	int unit = 0;

	if (r->end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_of(p[i]);

		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

static void add_code(struct buf *out, uint32_t code)
{
	if (code < 0x80) {
		buf_addc(out, (char)code);
		return;
	}
	if (code < 0x800) {
		buf_addc(out, (char)(0xc0 | code >> 6));
	} else {
		if (code < 0x10000) {
			buf_addc(out, (char)(0xe0 | code >> 12));
		} else {
			buf_addc(out, (char)(0xf0 | code >> 18));
			buf_addc(out, (char)(0x80 | (code >> 12 & 0x3f)));
		}
		buf_addc(out, (char)(0x80 | (code >> 6 & 0x3f)));
	}
	buf_addc(out, (char)(0x80 | (code & 0x3f)));
}

/* Whether the text ends before it is known what the second half of a pair is. */
static bool is_torn_pair(const struct reader *r)
{
	size_t left = (size_t)(r->end - r->at);

	return left < 6 && (left < 1 || r->at[0] == '\\') && (left < 2 || r->at[1] == 'u');
}

/* \uXXXX behind its u; two of them are one character where they are a pair. */
static void unicode_escape(struct reader *r, struct buf *out)
{
	int unit = unit_at(r, r->at), low;
	uint32_t code = (uint32_t)unit;
	bool first = !out->len;

	if (unit < 0) {
		/* Of one that was cut nothing is left; a wrong one stands as it is. */
		if (r->end - r->at < 4)
			r->at = r->end;
		else
			buf_adds(out, "\\u");
		return;
	}
	r->at += 4;
	if (unit >= 0xd800 && unit < 0xdc00) {
		if (is_torn_pair(r)) {
			r->at = r->end;
			return;
		}
		low = r->end - r->at >= 6 && r->at[0] == '\\' && r->at[1] == 'u'
			      ? unit_at(r, r->at + 2)
			      : -1;
		if (!r->halves || r->at == r->end || *r->at != '"')
			code = 0xfffd;
		if (low >= 0xdc00 && low < 0xe000) {
			code = 0x10000 + (((uint32_t)unit - 0xd800) << 10) +
			       ((uint32_t)low - 0xdc00);
			r->at += 6;
		}
	} else if (unit >= 0xdc00 && unit < 0xe000 && !(r->halves && first)) {
		code = 0xfffd;
	}
	add_code(out, code);
}

/* Behind the backslash. */
static void escape(struct reader *r, struct buf *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	uint8_t b;

	if (r->at == r->end)
		return;
	b = *r->at++;
	at = b ? strchr(from, b) : NULL;
	if (at) {
		buf_addc(out, to[at - from]);
	} else if (b == 'u') {
		unicode_escape(r, out);
	} else {
		buf_addc(out, '\\');
		r->at--;
	}
}

/* Bytes from `from` to where the string's plain text ends: a quote, a backslash or the end. */
static const uint8_t *plain_end(const struct reader *r, const uint8_t *from)
{
	const uint8_t *p = from, *near = r->end - from > 32 ? from + 32 : r->end, *quote, *back;

	/* Most strings are short. */
	while (p < near && *p != '"' && *p != '\\')
		p++;
	if (p < near || p == r->end)
		return p;
	quote = memchr(p, '"', (size_t)(r->end - p));
	quote = quote ? quote : r->end;
	back = memchr(p, '\\', (size_t)(quote - p));
	return back ? back : quote;
}

static bool is_ascii(struct span s)
{
	uint64_t word;
	size_t at = 0;

	for (; at + sizeof(word) <= s.len; at += sizeof(word)) {
		memcpy(&word, s.ptr + at, sizeof(word));
		if (word & 0x8080808080808080ull)
			return false;
	}
	for (; at < s.len; at++)
		if (s.ptr[at] & 0x80)
			return false;
	return true;
}

/* Of a text that was cut, a character that was cut with it is left out. */
static struct span without_torn(const struct reader *r, struct span s)
{
	return s.ptr + s.len == r->end ? span_first(s, utf8_whole(s)) : s;
}

/* The text of the string that begins behind `at`, in the text itself or in `scratch`; `at` goes
 * behind its quote. */
static struct span string_text(struct reader *r)
{
	const uint8_t *begin = ++r->at;
	struct buf *scratch = &r->scratch;
	struct span s;

	r->at = plain_end(r, begin);
	s = without_torn(r, span_of(begin, (size_t)(r->at - begin)));
	if (r->at < r->end && *r->at == '"' && (is_ascii(s) || utf8_valid(s))) {
		r->at++;
		return s;
	}
	buf_reset(scratch);
	for (;;) {
		utf8_fix(s, scratch);
		if (r->at == r->end) {
			stop(r, READ_ENDED);
			break;
		}
		if (*r->at++ == '"')
			break;
		escape(r, scratch);
		begin = r->at;
		r->at = plain_end(r, begin);
		s = without_torn(r, span_of(begin, (size_t)(r->at - begin)));
	}
	return buf_span(scratch);
}

/* A literal of the text as the front of what is left of it, or as all that is left. */
static bool takes_word(struct reader *r, struct span word)
{
	size_t left = (size_t)(r->end - r->at);

	if (left < word.len && memcmp(r->at, word.ptr, left) == 0) {
		r->at = r->end;
		stop(r, READ_ENDED);
		return true;
	}
	if (left < word.len || memcmp(r->at, word.ptr, word.len) != 0)
		return false;
	r->at += word.len;
	return true;
}

static json_t *string(struct reader *r)
{
	struct span s = string_text(r);
	size_t memory = JSON_STRING_MEMORY + s.len;

	return may_take(r, memory) ? json_stringn_nocheck(s.len ? (const char *)s.ptr : "", s.len)
				   : NULL;
}

/* ---- literals and numbers ---- */

static json_t *literal(struct reader *r)
{
	static const struct {
		struct span word;
		json_type type;
	} rows[] = {
		{ { (const uint8_t *)"true", 4 }, JSON_TRUE },
		{ { (const uint8_t *)"false", 5 }, JSON_FALSE },
		{ { (const uint8_t *)"null", 4 }, JSON_NULL },
		{ { (const uint8_t *)"NaN", 3 }, JSON_NULL },
		{ { (const uint8_t *)"Infinity", 8 }, JSON_NULL },
		{ { (const uint8_t *)"-Infinity", 9 }, JSON_NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!takes_word(r, rows[i].word))
			continue;
		/* Of one that was cut it is not known which it was. */
		if (r->outcome != READ_GOES_ON || !may_take(r, JSON_NUMBER_MEMORY))
			return NULL;
		return rows[i].type == JSON_TRUE    ? json_true()
		       : rows[i].type == JSON_FALSE ? json_false()
						    : json_null();
	}
	stop(r, READ_WRONG);
	return NULL;
}

static bool is_of_number(uint8_t b)
{
	return (b >= '0' && b <= '9') || b == '-' || b == '+' || b == '.' || b == 'e' || b == 'E';
}

static json_t *number(struct reader *r)
{
	const uint8_t *begin = r->at;
	json_t *v;
	size_t len;

	while (r->at < r->end && is_of_number(*r->at))
		r->at++;
	len = (size_t)(r->at - begin);
	if (r->at == r->end) {
		/* It may go on. */
		stop(r, READ_ENDED);
		return NULL;
	}
	v = json_number_new(span_of(begin, len));
	if (!v) {
		r->at = begin;
		return literal(r);
	}
	if (!may_take(r, json_memory(v))) {
		json_decref(v);
		return NULL;
	}
	return v;
}

/* ---- containers ---- */

/* What nests too deeply is left out up to its end. */
static json_t *too_deep(struct reader *r)
{
	size_t depth = 0;

	r->pruned = true;
	do {
		if (*r->at == '"') {
			r->at = plain_end(r, r->at + 1);
			while (r->at < r->end && *r->at == '\\')
				r->at = r->end - r->at > 2 ? plain_end(r, r->at + 2) : r->end;
			if (r->at == r->end)
				break;
		} else if (*r->at == '[' || *r->at == '{') {
			depth++;
		} else if (*r->at == ']' || *r->at == '}') {
			depth--;
		}
		r->at++;
	} while (depth && r->at < r->end);
	if (depth)
		stop(r, READ_ENDED);
	return may_take(r, JSON_NUMBER_MEMORY) ? json_null() : NULL;
}

static json_t *value(struct reader *r);

/* Behind an element: whether another one follows; `close` ends the container. */
static bool goes_on(struct reader *r, uint8_t close)
{
	skip_blanks(r);
	if (r->at == r->end) {
		stop(r, READ_ENDED);
		return false;
	}
	if (*r->at == ',') {
		r->at++;
		return true;
	}
	if (*r->at == close)
		r->at++;
	else
		stop(r, READ_WRONG);
	return false;
}

/* Behind the opening mark: whether it is empty, and then behind its end. */
static bool is_empty(struct reader *r, uint8_t close)
{
	r->at++;
	skip_blanks(r);
	if (r->at == r->end)
		stop(r, READ_ENDED);
	if (r->at == r->end || *r->at != close)
		return r->at == r->end;
	r->at++;
	return true;
}

static json_t *array(struct reader *r)
{
	json_t *v = json_array(), *item;

	if (is_empty(r, ']'))
		return v;
	do {
		item = value(r);
		if (item)
			json_array_append_new(v, item);
	} while (r->outcome == READ_GOES_ON && goes_on(r, ']'));
	return v;
}

/* A member's name, as jansson takes it: without NUL. In `room`, or to be freed. */
static char *name_copy(struct span s, char *room, size_t size)
{
	struct buf out;

	if (s.len < size && (!s.len || !memchr(s.ptr, '\0', s.len))) {
		if (s.len)
			memcpy(room, s.ptr, s.len);
		room[s.len] = '\0';
		return room;
	}
	buf_init(&out, SIZE_MAX / 4);
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i])
			buf_addc(&out, (char)s.ptr[i]);
		else
			buf_adds(&out, REPLACEMENT);
	return buf_take(&out);
}

/* Between a name and its value. */
static bool colon(struct reader *r)
{
	skip_blanks(r);
	if (r->at == r->end) {
		stop(r, READ_ENDED);
	} else if (*r->at != ':') {
		stop(r, READ_WRONG);
	} else {
		r->at++;
		return true;
	}
	return false;
}

static void member(struct reader *r, json_t *object)
{
	char room[64], *name;
	struct span text;
	json_t *v;

	skip_blanks(r);
	if (r->at == r->end || *r->at != '"') {
		stop(r, r->at == r->end ? READ_ENDED : READ_WRONG);
		return;
	}
	text = string_text(r);
	if (r->outcome != READ_GOES_ON || !colon(r))
		return;
	/* Strings of the value use the same room. */
	name = name_copy(text, room, sizeof(room));
	v = may_take(r, JSON_STRING_MEMORY + strlen(name)) ? value(r) : NULL;
	if (v)
		json_object_set_new_nocheck(object, name, v);
	if (name != room)
		free(name);
}

static json_t *object(struct reader *r)
{
	json_t *v = json_object();

	if (is_empty(r, '}'))
		return v;
	do
		member(r, v);
	while (r->outcome == READ_GOES_ON && goes_on(r, '}'));
	return v;
}

static json_t *container(struct reader *r)
{
	bool is_array = *r->at == '[';
	json_t *v;

	if (r->depth == r->depth_max)
		return too_deep(r);
	if (!may_take(r, is_array ? JSON_ARRAY_MEMORY : JSON_OBJECT_MEMORY))
		return NULL;
	r->depth++;
	v = is_array ? array(r) : object(r);
	r->depth--;
	return v;
}

static json_t *value(struct reader *r)
{
	skip_blanks(r);
	if (r->at == r->end) {
		stop(r, READ_ENDED);
		return NULL;
	}
	switch (*r->at) {
	case '"':
		return string(r);
	case '{':
	case '[':
		return container(r);
	case '-':
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
	case '8':
	case '9':
		return number(r);
	default:
		return literal(r);
	}
}

/* ---- the whole ---- */

static size_t children(const json_t *v)
{
	return json_is_object(v) ? json_object_size(v) : json_array_size(v);
}

static json_t *read_next(struct reader *r, struct span *text, bool *ret_partial)
{
	json_t *v;

	*ret_partial = false;
	if (!text->len)
		return NULL;
	r->at = text->ptr;
	r->end = text->ptr + text->len;
	buf_init(&r->scratch, SIZE_MAX / 4);
	if (span_starts(*text, SPAN_LIT("\xef\xbb\xbf")))
		r->at += 3;
	skip_blanks(r);
	v = r->at < r->end && (*r->at == '{' || *r->at == '[') ? value(r) : NULL;
	if (r->pruned)
		hit(r, LIMIT_json_depth);
	if (v && r->outcome == READ_WRONG && !children(v)) {
		json_decref(v);
		v = NULL;
	}
	*ret_partial = r->outcome == READ_LIMITED || r->pruned || (v && r->outcome != READ_GOES_ON);
	skip_blanks(r);
	*text = r->outcome == READ_GOES_ON ? span_of(r->at, (size_t)(r->end - r->at))
					   : span_of(NULL, 0);
	buf_done(&r->scratch);
	return v;
}

json_t *json_read_next(struct limits *lim, struct span *text, bool *ret_partial)
{
	struct reader r = { 0 };

	set_ceilings(&r, lim);
	return read_next(&r, text, ret_partial);
}

json_t *json_read_own(struct span text)
{
	struct reader r = { .depth_max = DEPTH_MAX,
			    .values_max = SIZE_MAX,
			    .memory_max = SIZE_MAX };
	bool partial;
	json_t *v = read_next(&r, &text, &partial);

	if (!partial && !text.len)
		return v;
	json_decref(v);
	return NULL;
}

json_t *json_read_piece(struct limits *lim, struct span text, bool *ret_partial)
{
	struct reader r = { .halves = true };
	json_t *v;

	set_ceilings(&r, lim);
	v = read_next(&r, &text, ret_partial);
	*ret_partial |= v && text.len;
	return v;
}

json_t *json_read(struct limits *lim, struct span text, bool *ret_partial)
{
	json_t *v = json_read_next(lim, &text, ret_partial);

	*ret_partial |= v && text.len;
	return v;
}
