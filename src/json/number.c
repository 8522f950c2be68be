/* SPDX-License-Identifier: MIT */
#include "json/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/xalloc.h"

/* Before the text of a number in a string: no byte of UTF-8. */
#define MARK '\xc0'
/* Digits that every double keeps, and those that tell every double apart. */
#define DIGITS_KEPT	15
#define DIGITS_MAX	17
#define DIGITS_KEPT_END 1000000000000000u
/* Below this, jansson's own text has an exponent. */
#define EXPONENT_BELOW 1e-4
/* So short a text has no more digits than 64 bits hold, and no more behind its point than an exact
 * power of ten has zeroes. */
#define PLAIN_MAX 18

/* ---- grammar ---- */

static bool is_digit(uint8_t b)
{
	return b >= '0' && b <= '9';
}

static size_t digits_from(struct span s, size_t at)
{
	while (at < s.len && is_digit(s.ptr[at]))
		at++;
	return at;
}

/* RFC 8259, section 6. */
static bool is_number(struct span s)
{
	size_t at = s.len && s.ptr[0] == '-', begin = at;

	at = digits_from(s, at);
	if (at == begin || (at - begin > 1 && s.ptr[begin] == '0'))
		return false;
	if (at < s.len && s.ptr[at] == '.') {
		begin = at + 1;
		at = digits_from(s, begin);
		if (at == begin)
			return false;
	}
	if (at < s.len && (s.ptr[at] | 0x20) == 'e') {
		at++;
		at += at < s.len && (s.ptr[at] == '-' || s.ptr[at] == '+');
		begin = at;
		at = digits_from(s, at);
		if (at == begin)
			return false;
	}
	return at == s.len;
}

static bool is_of_number(uint8_t b)
{
	return is_digit(b) || b == '-' || b == '+' || b == '.' || b == 'e' || b == 'E';
}

/* A number of few digits, without an exponent. */
struct plain {
	uint64_t digits;
	size_t begin, point, len; /* of the text; point is len where there is none */
};

/* Puts the digits from `at` on behind those of *value, up to PLAIN_MAX of the text; returns where
 * they end. */
static size_t add_digits(struct span s, size_t at, uint64_t *value)
{
	for (; at < s.len && at <= PLAIN_MAX && is_digit(s.ptr[at]); at++)
		*value = *value * 10 + (s.ptr[at] - '0');
	return at;
}

/* The same behind a point, where there are many: eight at a time, and so maybe a few more. */
static size_t add_decimals(struct span s, size_t at, uint64_t *value)
{
	static const uint32_t powers[] = { 1,	   10,	    100,      1000,	10000,
					   100000, 1000000, 10000000, 100000000 };

	while (s.len - at >= 8 && at <= PLAIN_MAX) {
		uint64_t word = bytes_word(s.ptr + at);
		unsigned n = bytes_digits(word);

		if (n)
			*value = *value * powers[n] + bytes_number(word, n);
		at += n;
		if (n < 8)
			return at;
	}
	return add_digits(s, at, value);
}

/* Reads at the front of `s`; false: it is another one, or none. */
static bool plain_of(struct span s, struct plain *ret)
{
	size_t begin = s.ptr[0] == '-';
	uint64_t digits = 0;
	size_t point = add_digits(s, begin, &digits), end = point;

	if (point < s.len && s.ptr[point] == '.')
		end = add_decimals(s, point + 1, &digits);
	*ret = (struct plain){ digits, begin, point, end };
	if (end > PLAIN_MAX || (end < s.len && is_of_number(s.ptr[end])))
		return false;
	return point > begin && point + 1 != end && (s.ptr[begin] != '0' || point == begin + 1);
}

/* ---- text of jansson's own ---- */

/* "1e+05" is written 1e5; what has neither point nor exponent gets one, to stay a real. */
static void tidy(char *text)
{
	char *e = strchr(text, 'e'), *digits;

	if (!e) {
		if (!strchr(text, '.'))
			memcpy(text + strlen(text), ".0", 3);
		return;
	}
	e++;
	e += *e == '-';
	for (digits = e; *digits == '+' || (*digits == '0' && digits[1]);)
		digits++;
	memmove(e, digits, strlen(digits) + 1);
}

/* The shortest that reads back the same. */
static size_t real_text(double v, char room[JSON_NUMBER_SIZE])
{
	for (int digits = DIGITS_KEPT; digits <= DIGITS_MAX; digits++) {
		snprintf(room, JSON_NUMBER_SIZE, "%.*g", digits, v);
		if (strtod(room, NULL) == v)
			break;
	}
	tidy(room);
	return strlen(room);
}

/* ---- making ---- */

static json_t *as_written(struct span text)
{
	char room[64], *marked = text.len < sizeof(room) ? room : xmalloc(text.len + 1);
	json_t *v;

	marked[0] = MARK;
	memcpy(marked + 1, text.ptr, text.len);
	v = json_stringn_nocheck(marked, text.len + 1);
	if (marked != room)
		free(marked);
	return v;
}

/* Digits and the power of ten that divides them are exact: the quotient is the nearest double. */
static double quotient(const struct plain *n)
{
	static const double tens[PLAIN_MAX] = { 1e0, 1e1,  1e2,	 1e3,  1e4,  1e5,  1e6,	 1e7, 1e8,
						1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16 };
	double v = (double)n->digits / tens[n->len - n->point - 1];

	return n->begin ? -v : v;
}

static json_t *decimal(struct span text, const struct plain *n)
{
	double v;

	/* Few digits come back as they are, but for zeroes at the end. */
	if (n->digits >= DIGITS_KEPT_END ||
	    (text.ptr[text.len - 1] == '0' && n->point + 2 != text.len))
		return as_written(text);
	v = quotient(n);
	return n->digits && fabs(v) < EXPONENT_BELOW ? as_written(text) : json_real(v);
}

/* More digits than those of a plain number. */
static json_t *long_integer(struct span text)
{
	bool negative = text.ptr[0] == '-';
	json_int_t n = 0, digit;

	for (size_t i = negative; i < text.len; i++) {
		digit = negative ? '0' - text.ptr[i] : text.ptr[i] - '0';
		if (!is_digit(text.ptr[i]) || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, digit, &n))
			return as_written(text);
	}
	return json_integer(n);
}

static json_t *plain_number(struct span text, const struct plain *n)
{
	if (n->point != n->len)
		return decimal(text, n);
	/* -0 is no integer of jansson's. */
	if (n->begin && !n->digits)
		return as_written(text);
	return json_integer(n->begin ? -(json_int_t)n->digits : (json_int_t)n->digits);
}

json_t *json_number_front(struct span text, size_t *ret_len)
{
	struct plain n;
	size_t len = 0;

	if (text.len && plain_of(text, &n)) {
		*ret_len = n.len;
		return plain_number(span_first(text, n.len), &n);
	}
	while (len < text.len && is_of_number(text.ptr[len]))
		len++;
	*ret_len = len;
	text = span_first(text, len);
	return is_number(text) ? long_integer(text) : NULL;
}

json_t *json_number_new(struct span text)
{
	size_t len;
	json_t *v = json_number_front(text, &len);

	if (len == text.len)
		return v;
	json_decref(v);
	return NULL;
}

/* ---- reading ---- */

static struct span text_kept(const json_t *v)
{
	const char *s = json_string_value(v);

	if (!s || s[0] != MARK)
		return span_of(NULL, 0);
	return span_of(s + 1, json_string_length(v) - 1);
}

bool json_number_is(const json_t *v)
{
	return json_is_number(v) || text_kept(v).len;
}

bool json_is_text(const json_t *v)
{
	return json_is_string(v) && json_string_value(v)[0] != MARK;
}

double json_number_double(const json_t *v)
{
	struct span kept = text_kept(v);

	/* The string ends with a NUL. */
	return kept.len ? strtod((const char *)kept.ptr, NULL) : json_number_value(v);
}

struct span json_number_text(const json_t *v, char room[JSON_NUMBER_SIZE])
{
	if (json_is_integer(v))
		return span_of(room,
			       (size_t)snprintf(room, JSON_NUMBER_SIZE, "%" JSON_INTEGER_FORMAT,
						json_integer_value(v)));
	if (json_is_real(v))
		return span_of(room, real_text(json_real_value(v), room));
	return text_kept(v);
}
